/**
 * The page of the frame: the same widget as in a page, fed by the attributes that the page holding it sends, asking as its
 * viewer once that one agreed. The page is hostile until proven otherwise, which nothing here ever does.
 */
import type { ErrorCode } from '@enigma/protocol'
import type { LoadPart, WidgetController } from '../contract.ts'
import { readNetwork } from '../client/page-client.ts'
import { readNetworkChoice } from '../core/options.ts'
import { attachWidget } from '../core/widget-controller.ts'
import type { WidgetState } from '../element-types.ts'
import { make } from '../view/dom.ts'
import { acceptPage, type HoldingPage } from './accept-page.ts'
import { createConsents } from './consents.ts'
import { createPane, stylePage } from './frame-style.ts'
import { createGate } from './gate.ts'
import { createSessionStore } from './session-store.ts'
import { type FramedValues, framedAttributes } from './words.ts'

/** A page may look again this often at a viewer's cost. */
const leastRefreshSeconds = 30

const load: LoadPart = async <Module>(part: string) => {
  if (part !== 'webrtc') throw new TypeError(`a frame has no part ${part}`)
  return (await import('@enigma/client/webrtc-direct')) as Module
}

async function openFrame(): Promise<void> {
  stylePage()
  const [shown, gated] = [createPane(), createPane()]
  gated.element.hidden = true
  document.body.append(shown.element, gated.element)
  try {
    runFrame(await acceptPage(), shown, gated)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    shown.root.replaceChildren(make('p', { class: 'note' }, message))
  }
}

type Pane = ReturnType<typeof createPane>

function runFrame(page: HoldingPage, shown: Pane, gated: Pane): void {
  let [state, isWaiting] = ['idle' as WidgetState, false]
  // A viewer that has to do something is told so; the widget itself is loading meanwhile.
  const tell = () => page.tell({ kind: 'state', state: isWaiting ? 'locked' : state })
  const store = memo(createSessionStore)
  const sizes = new ResizeObserver((entries) => {
    page.tell({ kind: 'height', heightPx: entries.at(-1)?.borderBoxSize[0]?.blockSize ?? 0 })
  })
  const gate = createGate({
    ...{ origin: page.origin, store, consents: createConsents(() => localStorage) },
    network: memo(() => readNetwork(choiceOf(shown.element))),
    show(note) {
      isWaiting = note !== undefined
      shown.element.hidden = isWaiting
      gated.element.hidden = !isWaiting
      gated.root.replaceChildren(...(note === undefined ? [] : [note]))
      sizes.disconnect()
      if (note === undefined) page.tell({ kind: 'height', heightPx: 0 })
      else sizes.observe(note)
      tell()
    },
  })
  apply(page.values, shown.element, gated.element)
  const controller = attachWidget({
    ...{ element: shown.element, root: shown.root, settings: {}, base: location.href, load },
    authorize: (question, signal) => gate.authorize(question, signal),
    setState(now) {
      state = now
      shown.element.setAttribute('state', now)
      tell()
    },
    emit(name, detail) {
      if (name === 'enigma-error') page.tell({ kind: 'error', code: (detail as { code: ErrorCode }).code })
      return true
    },
  })
  listen(page, controller, [shown.element, gated.element], () => state === 'locked' && !isWaiting)
  void controller.run()
}

function listen(
  page: HoldingPage,
  controller: WidgetController,
  elements: readonly [HTMLElement, HTMLElement],
  isRefused: () => boolean,
): void {
  page.listen(
    (word) => {
      if (word.kind === 'ask') void controller.run({ isRefresh: true })
      else if (word.kind === 'stop') controller.abort()
      else for (const name of apply(word.values, ...elements)) controller.changed(name)
    },
    () => {
      controller.end()
      elements[0].shadowRoot?.replaceChildren(make('p', { class: 'note' }, 'This page asks too much; load it anew.'))
    },
  )
  new IntersectionObserver((entries) => controller.setInView(entries.at(-1)?.isIntersecting === true)).observe(
    elements[0],
  )
  // Who was told to subscribe comes back from the dataset's page.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && isRefused()) void controller.run()
  })
}

/** Gives the element what the page says; returns the names of what changed. */
function apply(values: FramedValues, element: HTMLElement, gate: HTMLElement): string[] {
  const fixed: [string, string | null][] = [
    ['mode', 'frame'],
    ['access', 'viewer'],
    ['refresh', slower(values.refresh)],
  ]
  const given = framedAttributes.map((name) => [name, values[name]] as const).filter(([name]) => name !== 'refresh')
  const changed: string[] = []
  for (const [name, value] of [...given, ...fixed]) {
    if (element.getAttribute(name) === value) continue
    if (value === null) element.removeAttribute(name)
    else element.setAttribute(name, value)
    changed.push(name)
  }
  gate.setAttribute('theme', element.getAttribute('theme') ?? '')
  return changed
}

function slower(refresh: string | null): string | null {
  return refresh !== null && Number(refresh) < leastRefreshSeconds ? String(leastRefreshSeconds) : refresh
}

function choiceOf(element: HTMLElement) {
  return readNetworkChoice(element, { settings: {}, base: location.href, pageUrl: location.href })
}

/** Begins once; a failure is not remembered. */
function memo<Result>(create: () => Promise<Result>): () => Promise<Result> {
  let made: Promise<Result> | undefined
  return () => {
    made ??= create()
    made.catch(() => (made = undefined))
    return made
  }
}

void openFrame()
