/**
 * The JSON lines between daemon and sandbox. Daemon → sandbox: one `SandboxStart`, then answers to fetches. Sandbox →
 * daemon: `["row", row]`, `["fetch", request]`, `["log", text]`, and last `["done"]` or `["error", error]`.
 */
import * as v from 'valibot'

/** What the script is told: its source (base64), the scheduled time, the last good run's, the last snapshot. */
export type SandboxStart = {
  source: string
  nowMs: number
  sinceMs: number | null
  previous: { seq: number; createdAtSeconds: number } | null
}

const fetchRequestSchema = v.strictObject({
  id: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  url: v.pipe(v.string(), v.maxLength(8192)),
  method: v.pipe(v.string(), v.maxLength(10)),
  headers: v.record(v.pipe(v.string(), v.maxLength(100)), v.pipe(v.string(), v.maxLength(4096))),
  body: v.exactOptional(v.pipe(v.string(), v.base64())),
})
export type SandboxFetch = v.InferOutput<typeof fetchRequestSchema>

/** One answer to a fetch; `body` is base64. */
export type SandboxFetched =
  { id: number; status: number; headers: Record<string, string>; body: string } | { id: number; error: string }

const errorSchema = v.strictObject({
  name: v.pipe(v.string(), v.maxLength(200)),
  message: v.pipe(v.string(), v.maxLength(2000)),
  place: v.exactOptional(v.pipe(v.string(), v.maxLength(60))),
})
export type SandboxError = v.InferOutput<typeof errorSchema>

export type SandboxLine =
  | { kind: 'row'; row: unknown }
  | { kind: 'fetch'; request: SandboxFetch }
  | { kind: 'log'; text: string }
  | { kind: 'error'; error: SandboxError }
  | { kind: 'done' }

/** Decodes one line of the sandbox; undefined for what is not of the protocol. */
export function decodeSandboxLine(bytes: Uint8Array): SandboxLine | undefined {
  const line = parseJson(bytes)
  if (!Array.isArray(line)) return undefined
  const [kind, value] = line as [unknown, unknown]
  if (kind === 'row') return { kind, row: value }
  if (kind === 'done') return { kind }
  if (kind === 'log') return typeof value === 'string' ? { kind, text: value } : undefined
  if (kind === 'fetch') return v.is(fetchRequestSchema, value) ? { kind, request: value } : undefined
  if (kind === 'error') return v.is(errorSchema, value) ? { kind, error: value } : undefined
  return undefined
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
