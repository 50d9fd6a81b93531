/**
 * Fetches for a sandboxed script: declared hosts only, over a connection to the very address that was checked, every
 * redirect checked again, sizes, times and counts bounded, and all of it hashed into a transcript (DESIGN §8).
 */
import type { IncomingMessage } from 'node:http'
import { fetchTarget, type ResolveHost, resolveBySystem } from './fetch-target.ts'
import { MarketplaceError } from '@enigma/protocol'
import type { SandboxFetch, SandboxFetched } from '../sandbox/sandbox-protocol.ts'
import { readBody } from './read-body.ts'
import { type Exchange, sendRequest } from './send-request.ts'
import { createTranscript, type Transcript } from './transcript.ts'

/** Limits of one run's fetches; sizes in bytes, times in milliseconds. */
export const hostFetchLimits = {
  requests: 1000,
  redirects: 3,
  requestBytes: 1024 * 1024,
  responseBytes: 32 * 1024 * 1024,
  totalBytes: 1024 * 1024 * 1024,
  timeoutMs: 30_000,
} as const
export type HostFetchLimits = { readonly [Name in keyof typeof hostFetchLimits]: number }

export type HostFetchParameters = {
  hosts: readonly string[]
  hostOverrides: Readonly<Record<string, string>>
  resolveHost?: ResolveHost | undefined
  limits?: HostFetchLimits | undefined
}

export type HostFetch = {
  /** Answers one fetch. Throws `host-refused` and `script-flood`; what a script may handle is an answer with `error`. */
  fetch(request: SandboxFetch, signal: AbortSignal): Promise<SandboxFetched>
  readonly transcript: Transcript
}

const methods = ['GET', 'HEAD', 'POST']
const forbiddenHeaders =
  /^(host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect|accept-encoding|proxy-.*)$/i
const redirectStatuses = [301, 302, 303, 307, 308]

/** Creates the fetcher of one run. */
export function createHostFetch(parameters: HostFetchParameters): HostFetch {
  return new RunFetcher(parameters)
}

type Answer = { status: number; headers: Record<string, string>; location: string | undefined; body: Buffer }

class RunFetcher implements HostFetch {
  readonly transcript = createTranscript()
  readonly #parameters: HostFetchParameters
  readonly #limits: HostFetchLimits
  #requests = 0
  #bytes = 0

  constructor(parameters: HostFetchParameters) {
    this.#parameters = parameters
    this.#limits = parameters.limits ?? hostFetchLimits
  }

  async fetch(request: SandboxFetch, signal: AbortSignal): Promise<SandboxFetched> {
    const { id, url, method, headers } = request
    const body = request.body === undefined ? undefined : Buffer.from(request.body, 'base64')
    const mistake = mistakeOf({ method, headers, bodyBytes: body?.length ?? 0, maxBytes: this.#limits.requestBytes })
    if (mistake !== undefined) return { id, error: mistake }
    try {
      const answer = await this.#follow({ url, method, headers, body }, signal)
      this.transcript.add({ method, url, requestBody: body, status: answer.status, responseBody: answer.body })
      return { id, status: answer.status, headers: answer.headers, body: answer.body.toString('base64') }
    } catch (error) {
      if (error instanceof MarketplaceError) throw error
      return { id, error: `${new URL(url).host} could not be fetched: ${reasonOf(error)}` }
    }
  }

  async #follow(
    request: { url: string; method: string; headers: Record<string, string>; body: Buffer | undefined },
    signal: AbortSignal,
  ): Promise<Answer> {
    let { url, method, body } = request
    for (let redirects = 0; redirects <= this.#limits.redirects; redirects++) {
      this.#countRequest()
      const { resolveHost = resolveBySystem, hosts, hostOverrides } = this.#parameters
      const target = await fetchTarget({ url, hosts, hostOverrides, resolveHost })
      const answer = await this.#exchange({ target, method, headers: request.headers, body }, signal)
      if (answer.location === undefined) return answer
      url = new URL(answer.location, target.url).href
      if (answer.status <= 303) {
        method = method === 'HEAD' ? 'HEAD' : 'GET'
        body = undefined
      }
    }
    throw new Error(`more than ${this.#limits.redirects} redirects`)
  }

  #countRequest(): void {
    this.#requests += 1
    if (this.#requests > this.#limits.requests) throw flood(`it fetched more than ${this.#limits.requests} times`)
  }

  async #exchange(exchange: Exchange, runSignal: AbortSignal): Promise<Answer> {
    const signal = AbortSignal.any([runSignal, AbortSignal.timeout(this.#limits.timeoutMs)])
    const response = await sendRequest(exchange, signal)
    const status = response.statusCode ?? 0
    const location = redirectStatuses.includes(status) ? response.headers.location : undefined
    if (location !== undefined) response.destroy()
    const maxBytes = Math.min(this.#limits.responseBytes, this.#limits.totalBytes - this.#bytes)
    const body = location === undefined ? await readBody({ response, maxBytes, signal }) : Buffer.alloc(0)
    this.#bytes += body.length
    if (this.#bytes >= this.#limits.totalBytes) throw flood(`it fetched over ${this.#limits.totalBytes} bytes`)
    return { status, headers: headersOf(response), location, body }
  }
}

function mistakeOf(request: {
  method: string
  headers: Record<string, string>
  bodyBytes: number
  maxBytes: number
}): string | undefined {
  const { method, headers, bodyBytes, maxBytes } = request
  if (!methods.includes(method)) return `ctx.fetch knows the methods ${methods.join(', ')}`
  const forbidden = Object.keys(headers).find((name) => forbiddenHeaders.test(name))
  if (forbidden !== undefined) return `the header ${forbidden} is set by the worker and not by the script`
  return bodyBytes > maxBytes ? `the body has more than ${maxBytes} bytes` : undefined
}

function headersOf(response: IncomingMessage): Record<string, string> {
  const skipped = ['set-cookie', 'content-encoding', 'content-length', 'transfer-encoding', 'connection']
  const entries = Object.entries(response.headersDistinct)
    .filter(([name]) => !skipped.includes(name))
    .map(([name, values]) => [name, (values ?? []).join(', ')] as const)
  return Object.fromEntries(entries)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.name === 'TimeoutError' ? 'no answer in time' : error.message.slice(0, 300)
}

function flood(what: string): MarketplaceError {
  const message = `The curation script was stopped because ${what}; make it fetch less in one run.`
  return new MarketplaceError({ code: 'script-flood', message })
}
