/** What the loader and the code that it loads promise each other. */
import type { Session } from '@enigma/client/visitor'
import type { Question } from './client/ask.ts'
import type { PageTurn } from './core/page-turn.ts'
import type { WidgetColumn, WidgetFormat, WidgetSettings, WidgetState, WidgetValue } from './element-types.ts'

/** A part that is loaded when it is first needed; the files behind it were checked against their hashes. */
/** `framed`: in place of `core` where the rows are shown in a frame. */
export type WidgetPart = 'core' | 'framed' | 'webrtc' | 'files' | 'parquet'
export type LoadPart = <Module>(part: WidgetPart) => Promise<Module>

/** The files of each part as `[name, integrity]`: each after those that it imports, the part's own module last. */
export type PartFiles = Readonly<Record<WidgetPart, readonly (readonly [string, string])[]>>

/** What the loaded code is given of an element. */
export type WidgetHost = {
  element: HTMLElement
  root: ShadowRoot
  settings: WidgetSettings
  /** Where the loader came from. */
  base: string
  load: LoadPart
  /** Reflects the state and tells it. */
  setState: (state: WidgetState) => void
  /** Dispatches a bubbling, composed event; false when its default was prevented. */
  emit: (name: string, detail: unknown, options?: { cancelable: boolean }) => boolean
  /** Inside of a frame: the viewer's session, once the viewer agrees to the question; throws the signal's reason. */
  authorize?: (question: Question, signal: AbortSignal) => Promise<Session>
}

/** The loaded code of one element. */
export type WidgetController = {
  /** Asks; `isRefresh` keeps the rows that are shown until the new ones are there. Never throws. */
  run: (options?: { isRefresh?: boolean }) => Promise<void>
  abort: () => void
  /** An attribute changed; undefined for the child that holds the SQL. */
  changed: (attribute: string | undefined) => void
  /** Whether it can be seen: nothing is refreshed while it cannot. */
  setInView: (isInView: boolean) => void
  /** The element is in a document no more: nothing of it stays. */
  end: () => void
  readonly columns: readonly WidgetColumn[]
  readonly rows: WidgetValue[][]
  export: (format: WidgetFormat) => Promise<Blob>
}

/** The module of the parts `core` and `framed`. */
export type CoreModule = {
  attachWidget: (host: WidgetHost) => WidgetController
  /** Runs the work in a turn of the page, after that of other widgets. */
  inPageTurn: PageTurn
}
