/**
 * What runs inside the sandbox: reads the script from standard input, imports it from a `data:` URL, and speaks JSON
 * lines with the daemon (sandbox-protocol.ts). Read as text by the daemon and run by Deno; nothing of ours is imported.
 * The script shares this realm, so nothing here protects the daemon: whatever arrives there counts as hostile.
 */
type DenoGlobal = {
  stdin: { readable: ReadableStream<Uint8Array> }
  stdout: { writeSync(bytes: Uint8Array): number }
  exit(code: number): never
}
type Start = { source: string; nowMs: number; sinceMs: number | null; previous: unknown }
type Fetched = { id: number; status: number; headers: Record<string, string>; body: string } | FetchFailed
type FetchFailed = { id: number; error: string }
type FetchOptions = { method?: string; headers?: Record<string, string>; body?: string | Uint8Array }

const deno = (globalThis as unknown as { Deno: DenoGlobal }).Deno
const flushBytes = 32 * 1024
const waiting = new Map<number, (fetched: Fetched) => void>()
const lines = readLines()
let lastFetch = 0
let outgoing = ''

async function* readLines(): AsyncGenerator<string> {
  let text = ''
  for await (const part of deno.stdin.readable.pipeThrough(new TextDecoderStream() as never) as AsyncIterable<string>) {
    const [first = '', ...rest] = part.split('\n')
    text += first
    for (const line of rest) {
      yield text
      text = line
    }
  }
}

/** Writes at once and waits until the daemon takes it, so that a script in a hurry does not fill its memory. */
function flush(): void {
  const bytes = new TextEncoder().encode(outgoing)
  outgoing = ''
  for (let at = 0; at < bytes.length;) at += deno.stdout.writeSync(bytes.subarray(at))
}

function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}

/** What JSON has no word for travels as text, which the daemon converts by the declared column type. */
function toJson(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const original = this[key]
  if (original instanceof Date) return Number.isNaN(original.getTime()) ? 'Invalid Date' : original.toISOString()
  if (original instanceof Uint8Array) return toBase64(original)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return value
}

function send(kind: string, ...values: unknown[]): void {
  outgoing += `${JSON.stringify([kind, ...values], toJson)}\n`
}

function describe(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Error) return `${value.name}: ${value.message}`
  return JSON.stringify(value, toJson)
}

function log(...values: unknown[]): void {
  send('log', values.map(describe).join(' '))
  flush()
}

async function fetchByHost(url: string | URL, options: FetchOptions = {}): Promise<Response> {
  const id = ++lastFetch
  const { promise, resolve } = Promise.withResolvers<Fetched>()
  waiting.set(id, resolve)
  const body = typeof options.body === 'string' ? new TextEncoder().encode(options.body) : options.body
  const { method = 'GET', headers = {} } = options
  send('fetch', { id, url: String(url), method, headers, ...(body === undefined ? {} : { body: toBase64(body) }) })
  flush()
  const fetched = await promise
  if ('error' in fetched) throw new Error(fetched.error)
  const { status, headers: received } = fetched
  const bytes = Uint8Array.from(atob(fetched.body), (character) => character.charCodeAt(0))
  return new Response([204, 205, 304].includes(status) ? null : bytes, { status, headers: received })
}

function contextOf({ nowMs, sinceMs, previous }: Start) {
  const since = sinceMs === null ? undefined : new Date(sinceMs)
  return { now: new Date(nowMs), since, previous: previous ?? undefined, fetch: fetchByHost, log }
}

async function listen(): Promise<void> {
  for await (const line of lines) {
    const fetched = JSON.parse(line) as Fetched
    waiting.get(fetched.id)?.(fetched)
    waiting.delete(fetched.id)
  }
}

async function run(): Promise<void> {
  const first = await lines.next()
  const start = JSON.parse(String(first.value)) as Start
  void listen()
  const url = `data:application/typescript;base64,${start.source}`
  const module = (await import(url)) as { default?: unknown }
  if (typeof module.default !== 'function') throw new TypeError('The script has no default export that is a function.')
  const curate = module.default as (context: unknown) => AsyncIterable<unknown>
  for await (const yielded of curate(contextOf(start))) {
    send('row', yielded)
    if (outgoing.length >= flushBytes) flush()
  }
  send('done')
}

function reportError(error: unknown): void {
  const withoutUrls = (text: string) => text.replaceAll(/data:application\/typescript;base64,[\w+/=]*/g, 'script.ts')
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
  const place = /script\.ts:\d+:\d+/.exec(withoutUrls(stack ?? ''))?.[0]
  send('error', { name, message: withoutUrls(message).slice(0, 2000), ...(place === undefined ? {} : { place }) })
}

Object.assign(console, { log, info: log, warn: log, error: log, debug: log })
try {
  await run()
} catch (error) {
  reportError(error)
}
flush()
deno.exit(0)
