/** The widget's shadow tree: title, tools, body, footer, and one polite line for screen readers. */
import { fileFormats } from '@enigma/result/file-formats'
import type { WidgetFormat } from '../element-types.ts'
import { make, makeButton } from './dom.ts'
import type { LocalText } from './local-text.ts'
import { widgetStyle } from './widget-style.ts'

const skeletonLines = 6

/** What the reader's presses do. */
export type FrameActions = {
  canSave: boolean
  onRefresh: () => void
  onAbort: () => void
  onSubscribe: () => void
  onToggleTable: () => void
  onSave: (format: WidgetFormat) => void
}

export type FrameNote = { kind: 'error' | 'locked'; title: string; text: string | undefined }

export type WidgetFrame = {
  /** In the language and direction of the reader. */
  speak: (texts: LocalText) => void
  showControls: (isShown: boolean, options: { canToggle: boolean; isTable: boolean }) => void
  setBusy: (isBusy: boolean) => void
  /** Before there are rows: the page's own words for that, else something in the shape of rows. */
  showWait: () => void
  showView: (view: HTMLElement) => void
  showNote: (note: FrameNote) => void
  /** The line below: what is verified, and how old it is. */
  showStatus: (badge: string, text: string) => void
  /** Tells screen readers, once the present turn is over. */
  say: (text: string) => void
}

/** Builds the tree in the root, in place of what stood there. */
export function createWidgetFrame(root: ShadowRoot, actions: FrameActions): WidgetFrame {
  const parts = createParts(actions)
  const { frame, body, tools, stop, again, toggle, badge, status, live } = parts
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, widgetStyle()]
  root.replaceChildren(frame, live)
  return {
    speak({ locale, direction }) {
      frame.lang = locale
      frame.dir = direction
    },
    showControls(isShown, { canToggle, isTable }) {
      tools.hidden = !isShown
      toggle.hidden = !canToggle
      toggle.textContent = isTable ? 'Chart' : 'Table'
    },
    setBusy(isBusy) {
      frame.setAttribute('aria-busy', String(isBusy))
      stop.hidden = !isBusy
      again.disabled = isBusy
    },
    showWait: () => body.replaceChildren(waitView()),
    showView: (view) => body.replaceChildren(view),
    showNote: (note) => body.replaceChildren(noteView(note, actions)),
    showStatus(badgeText, text) {
      status.textContent = text
      badge.textContent = badgeText
    },
    say: (text) => (live.textContent = text),
  }
}

function createParts({ canSave, onRefresh, onAbort, onToggleTable, onSave }: FrameActions) {
  const stop = makeButton('Stop', onAbort, { hidden: true })
  const again = makeButton('Refresh', onRefresh)
  const toggle = makeButton('Table', onToggleTable, { hidden: true })
  const saves = (Object.keys(fileFormats) as WidgetFormat[]).map((format) => {
    const { text } = fileFormats[format]
    return makeButton(text, () => onSave(format), { 'aria-label': `Save as ${text}` })
  })
  const tools = make('div', { class: 'tools', hidden: true }, stop, again, toggle, ...(canSave ? saves : []))
  const body = make('div', { class: 'body', part: 'body' })
  const badge = make('span', { class: 'badge', part: 'badge' })
  const status = make('span')
  const foot = make('div', { class: 'foot', part: 'footer' }, status, badge, make('slot', { name: 'footer' }))
  const head = make('div', { class: 'head' }, make('slot', { name: 'title' }), tools)
  const frame = make('div', { class: 'frame', part: 'frame' }, head, body, foot)
  const live = make('p', { class: 'hidden', role: 'status' })
  return { frame, body, tools, stop, again, toggle, badge, status, live }
}

function waitView(): HTMLElement {
  const lines = Array.from({ length: skeletonLines }, () => make('i'))
  const shape = make('div', { class: 'wait', 'aria-hidden': 'true' }, ...lines)
  return make('div', { class: 'waiting' }, make('slot', { name: 'loading' }, shape))
}

/** What happened and what can be done; the page's own words stay below. */
function noteView({ kind, title, text }: FrameNote, { onRefresh, onSubscribe }: FrameActions): HTMLElement {
  const own = make('div', { part: kind === 'error' ? 'error' : 'locked' }, make('p', {}, make('strong', {}, title)))
  if (text !== undefined) own.append(make('p', { class: 'muted' }, text))
  own.append(
    kind === 'error'
      ? makeButton('Try again', onRefresh)
      : makeButton('Open the dataset', onSubscribe, { class: 'strong' }),
  )
  return make('div', { class: `note ${kind}` }, make('slot', { name: kind }, own), make('slot'))
}
