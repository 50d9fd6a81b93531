/** What a page may know of `<enigma-query>`: its attributes, properties, methods and events. Imports nothing: it is shipped. */

/** `stale`: the shown rows are older than the page wants them. `locked`: the grant or subscription behind it has ended. */
export type WidgetState = 'idle' | 'loading' | 'ready' | 'stale' | 'error' | 'locked'
/** `viewer`: by the subscription of whoever views the page. */
export type WidgetAccess = 'sample' | 'grant' | 'viewer'
export type WidgetView = 'table' | 'line' | 'bar' | 'area' | 'value' | 'sparkline'
export type WidgetFormat = 'csv' | 'json' | 'arrow' | 'parquet'

/** A column of the result: its name as the query gave it, and its SQL type. */
export type WidgetColumn = { readonly name: string; readonly type: string }
/** Decimals and 64-bit integers are unscaled bigints, dates are days and timestamps microseconds since 1970 (UTC). */
export type WidgetValue = null | boolean | number | bigint | string | Uint8Array

/** Every attribute is a text; each is live. */
export type EnigmaQueryAttributes = {
  /** `<curator address>/<name>`. */
  dataset?: string
  /** One SELECT over the dataset's tables; a child `<script type="application/sql">` holds longer ones. */
  sql?: string
  /** JSON: an array for `$1`, `$2`, … of a sample; an object by name for a grant's template. */
  params?: string
  /** Default `table`. */
  view?: WidgetView
  /** The column along x, by name. */
  x?: string
  /** The columns up y, by name, with commas in between. */
  y?: string
  /** Rows at most, 1 to 10,000; default 100. */
  limit?: number | string
  /** Seconds between two looks, at least 5; none when absent. Pauses while nobody can see it. */
  refresh?: number | string
  /** Multiaddrs of relays with spaces in between, in place of the network file's. */
  relay?: string
  /** Address of the network file; `enigma-network.json` at the origin of the loader when absent. */
  network?: string
  /** `sha256-…` over the chain, contracts and RPC nodes of the network file: one of another network is refused. */
  anchor?: string
  /** `frame`: rows stand in a frame of the relay's, which the page cannot read. Default `inline`. */
  mode?: 'inline' | 'frame'
  /** Default: `viewer` in a frame, else `grant` where there is one, else `sample`. `viewer` needs `mode="frame"`. */
  access?: WidgetAccess
  /** The id of an embed grant, 32 bytes as hex. */
  grant?: string
  /** Of a minted embed: where the page's own server hands a visitor's grant out; relative to the page. */
  'grant-url'?: string
  /** Which of the grant's templates; may be absent where it has one. */
  template?: string
  /** When it begins: once it is nearly in view (default), at once, or when it is pressed. */
  loading?: 'lazy' | 'eager' | 'click'
  /** Default `auto`: the page's own color-scheme. */
  theme?: 'auto' | 'light' | 'dark'
  /** A BCP 47 tag for numbers, dates and direction; the page's own when absent. */
  lang?: string
  /** Shows buttons: look again, table or chart, save. */
  controls?: boolean
}

export type EnigmaResult = {
  rowCount: number
  columns: readonly WidgetColumn[]
  /** From asking to the last row. */
  ms: number
  /** Peer id of the node that answered. */
  node: string
  /** The snapshot's number. */
  snapshot: number
  /** When the publisher signed the snapshot, in Unix seconds. */
  snapshotAt: number
  /** Whether the limit cut the result. */
  isTruncated: boolean
  /** Rows are shown only when the receipt and the snapshot's head were verified. */
  verified: true
}

/** Details of the bubbling, composed events. */
export type EnigmaEvents = {
  'enigma-state': { state: WidgetState }
  'enigma-progress': { stage: string; text: string }
  'enigma-result': EnigmaResult
  'enigma-error': { code: string; message: string; hint: string | undefined }
  /** Cancelable: else the dataset's page opens. */
  'enigma-subscribe': { dataset: string }
}

/** What a page that has the SDK already may hand over: one with `sample` is enough. */
export type WidgetSettings = {
  /** Address of the network file, for widgets without the attribute. */
  network?: string
  /** Multiaddrs, for widgets without the attribute. */
  relays?: readonly string[]
  locale?: string
  /** A client of the SDK; it is used as it is and never closed. */
  client?: object
  /** Where the loader's files lie, for pages that bundle the loader. */
  base?: string
}

type ReflectedTexts = Omit<
  Required<EnigmaQueryAttributes>,
  'dataset' | 'grant-url' | 'refresh' | 'limit' | 'view' | 'controls' | 'lang'
>

export type EnigmaQueryElement = HTMLElement & { [Name in keyof ReflectedTexts]: string } & {
  view: string
  limit: string
  controls: boolean
  readonly state: WidgetState
  readonly columns: readonly WidgetColumn[]
  /** Every row, read now: an array of values in the order of the columns. */
  readonly rows: WidgetValue[][]
  /** Asks, and loads what that needs; resolves when it has ended, well or not. */
  run: () => Promise<void>
  /** Asks again and keeps the rows that are shown until the new ones are there. Assigning seconds sets the attribute. */
  refresh: () => Promise<void>
  abort: () => void
  export: (format: WidgetFormat) => Promise<Blob>
}

export type EnigmaQueryConstructor = {
  new (): EnigmaQueryElement
  /** Settings of every widget of the page; before they begin. */
  configure: (settings: WidgetSettings) => void
}

declare global {
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- only an interface is merged
  interface HTMLElementTagNameMap {
    'enigma-query': EnigmaQueryElement
  }
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- only an interface is merged
  interface HTMLElementEventMap {
    'enigma-state': CustomEvent<EnigmaEvents['enigma-state']>
    'enigma-progress': CustomEvent<EnigmaEvents['enigma-progress']>
    'enigma-result': CustomEvent<EnigmaEvents['enigma-result']>
    'enigma-error': CustomEvent<EnigmaEvents['enigma-error']>
    'enigma-subscribe': CustomEvent<EnigmaEvents['enigma-subscribe']>
  }
}
