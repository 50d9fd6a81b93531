/** Ways to use what is on a page, as people with different devices do. */
import type { Locator, Page } from '@playwright/test'
import { expect } from './test.ts'

export type Hand = {
  /** A press of a link or button, the choice of a radio button. */
  use: (target: Locator) => Promise<void>
  /** Replaces what a field or the SQL editor holds. */
  write: (target: Locator, text: string) => Promise<void>
}

/** More than any page has places for the focus. */
const maxSteps = 120

type Focus = {
  kind: 'there' | 'radio' | 'editor' | 'elsewhere'
  /** Whether the target lies before the focus. */
  isBehind: boolean
}

export const hands: Record<'mouse' | 'touch' | 'keyboard', Hand> = {
  mouse: { use: (target) => target.click(), write: writeAfter((target) => target.click()) },
  touch: { use: (target) => target.tap(), write: writeAfter((target) => target.tap()) },
  keyboard: { use: press, write: writeAfter(goTo) },
}

function writeAfter(take: (target: Locator) => Promise<unknown>): Hand['write'] {
  return async (target, text) => {
    await take(target)
    const { keyboard } = target.page()
    await keyboard.press('ControlOrMeta+a')
    await keyboard.type(text)
  }
}

async function press(target: Locator): Promise<void> {
  const page = target.page()
  await expectKept(page)
  const kind = await goTo(target)
  if (kind === 'radio') {
    for (let step = 0; step < maxSteps && !(await target.isChecked()); step++) await page.keyboard.press('ArrowRight')
    await expect(target).toBeChecked()
  } else {
    // Enter opens links and presses buttons; Space presses buttons alone, and people use either.
    const isLink = await target.evaluate((element) => element instanceof HTMLAnchorElement)
    await page.keyboard.press(isLink ? 'Enter' : 'Space')
    if (isLink) documentOfLastPress.delete(page)
    else documentOfLastPress.set(page, await documentOf(page))
  }
}

const documentOfLastPress = new WeakMap<Page, number>()
const documentOf = (page: Page) => page.evaluate(() => performance.timeOrigin)

/** Something has the focus after a button was pressed in this document: what closed or went has given it back. */
async function expectKept(page: Page): Promise<void> {
  if (documentOfLastPress.get(page) !== (await documentOf(page))) return
  const hasFocus = () => page.evaluate(() => document.activeElement !== document.body)
  await expect.poll(hasFocus, { message: 'the focus was lost' }).toBe(true)
}

/** Goes to the target by Tab or Shift-Tab; the focus is seen at every step. */
async function goTo(target: Locator): Promise<'there' | 'radio'> {
  await expect(target).toBeEnabled()
  const page = target.page()
  const { isBehind } = await target.evaluate(focusFrom)
  for (let step = 0; step < maxSteps; step++) {
    const { kind } = await target.evaluate(focusFrom)
    if (step > 0) await expectSeen(page)
    if (kind === 'there' || kind === 'radio') return kind
    // The editor keeps Tab to itself, until Escape.
    if (kind === 'editor') await page.keyboard.press('Escape')
    await page.keyboard.press(isBehind ? 'Shift+Tab' : 'Tab')
  }
  throw new Error(`Tab does not lead to ${String(target)}`)
}

/** Runs in the page: where the focus is, as seen from the target. */
function focusFrom(target: Element): Focus {
  let focus = document.activeElement ?? document.body
  const host = focus
  while (focus.shadowRoot?.activeElement) focus = focus.shadowRoot.activeElement
  const isBehind = (target.compareDocumentPosition(host) & Node.DOCUMENT_POSITION_FOLLOWING) > 0
  const isRadio = (element: Element) => element instanceof HTMLInputElement && element.type === 'radio'
  const isSameGroup =
    isRadio(target) && isRadio(focus) && (focus as HTMLInputElement).name === (target as HTMLInputElement).name
  if (isSameGroup) return { kind: 'radio', isBehind }
  if (focus === target) return { kind: 'there', isBehind }
  return { kind: focus.closest('.cm-editor') === null ? 'elsewhere' : 'editor', isBehind }
}

/** Whatever has the focus is in view and marked. */
async function expectSeen(page: Page): Promise<void> {
  const focus = () =>
    page.evaluate(() => {
      let element = document.activeElement ?? document.body
      while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
      // Past the last element the browser's own bar has the focus.
      if (element === document.body) return 'seen'
      const { left, right, top, bottom, width, height } = element.getBoundingClientRect()
      const isInView = right > 0 && bottom > 0 && left < innerWidth && top < innerHeight && width > 0 && height > 0
      const isMarked = (each: Element | null) => {
        const style = each === null ? undefined : getComputedStyle(each)
        return style !== undefined && style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 1
      }
      // The ring may be around what holds the element: a label around its radio button, the frame of the editor.
      let marked: Element | null = element
      for (let up = 0; up < 8 && marked !== null && !isMarked(marked); up++) {
        const root: Node = marked.getRootNode()
        marked = marked.parentElement ?? (root instanceof ShadowRoot ? root.host : null)
      }
      const what = element.outerHTML.slice(0, 120)
      if (!isInView) return `out of view: ${what}`
      return isMarked(marked) ? 'seen' : `without a mark: ${what}`
    })
  await expect.poll(focus).toBe('seen')
}
