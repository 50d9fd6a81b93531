/** One HTTP request over a connection to the address that was checked (DESIGN §8). */
import { type IncomingMessage, type OutgoingHttpHeaders, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIPv6, type LookupFunction } from 'node:net'
import type { FetchTarget } from './fetch-target.ts'

/** What to send where. */
export type Exchange = {
  target: FetchTarget
  method: string
  headers: Record<string, string>
  body: Buffer | undefined
}

/** Sends one request and resolves with the response's head; connects to `target.address` whatever the DNS says now. */
export function sendRequest(
  { target, method, headers, body }: Exchange,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { connectUrl, url, address } = target
  const request = connectUrl.protocol === 'https:' ? requestHttps : requestHttp
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const outgoing: OutgoingHttpHeaders = { 'user-agent': 'enigma-worker', ...headers, host: url.host }
  if (body !== undefined) outgoing['content-length'] = body.length
  const options = { method, headers: outgoing, signal, agent: false as const, servername: servernameOf(connectUrl) }
  const sent = request(connectUrl, address === undefined ? options : { ...options, lookup: alwaysTo(address) }, resolve)
  sent.on('error', reject)
  sent.end(body)
  return promise
}

/** A resolver that knows one address: the one that was checked, so that a second answer of the DNS changes nothing. */
function alwaysTo(address: string): LookupFunction {
  const family = isIPv6(address) ? 6 : 4
  return (_hostname, options, callback) => {
    if (options.all === true) callback(null, [{ address, family }])
    else callback(null, address, family)
  }
}

function servernameOf({ hostname }: URL): string {
  return /^[[\d]/.test(hostname) ? '' : hostname
}
