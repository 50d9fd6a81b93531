/** `/ipfs/ping/1.0.0` (libp2p specs, ping.md): 32 random bytes there and back. */
import { aborted, timedOut } from '@enigma/network'
import { MarketplaceError } from '@enigma/protocol'
import type { Connection, Stream } from '@libp2p/interface'

const protocol = '/ipfs/ping/1.0.0'
const pingBytes = 32
const pingTimeoutMs = 5_000

export type PingConnectionParameters = {
  connection: Connection
  signal?: AbortSignal | undefined
  /** A monotonic clock. */
  nowMs: () => number
}

/** The round trip in milliseconds; throws `no-route`, `timeout` or `aborted`. */
export async function pingConnection({ connection, signal, nowMs }: PingConnectionParameters): Promise<number> {
  const timeout = AbortSignal.timeout(pingTimeoutMs)
  const both = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
  try {
    const stream = await connection.newStream(protocol, { signal: both, runOnLimitedConnection: true })
    const startedMs = nowMs()
    await echo(stream, both)
    const roundTripMs = nowMs() - startedMs
    await stream.close({ signal: both })
    return roundTripMs
  } catch (cause) {
    if (signal?.aborted) throw aborted(signal)
    if (timeout.aborted) throw timedOut('answer a ping', pingTimeoutMs)
    throw new MarketplaceError({ code: 'no-route', message: 'The peer does not answer pings.', cause })
  }
}

async function echo(stream: Stream, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  const fail = (error: unknown) => {
    const reason = error instanceof Error ? error : new Error('the ping was not answered', { cause: error })
    stream.abort(reason)
    reject(reason)
  }
  const sent = crypto.getRandomValues(new Uint8Array(pingBytes))
  const received: number[] = []
  const onAbort = () => fail(signal.reason)
  signal.addEventListener('abort', onAbort)
  stream.addEventListener('message', ({ data }) => {
    received.push(...data.subarray())
    if (received.length < pingBytes) return
    if (received.length === pingBytes && sent.every((byte, at) => byte === received[at])) resolve(undefined)
    else fail(new Error('the peer sent something else back'))
  })
  stream.addEventListener('close', ({ error }) => fail(error ?? new Error('the peer closed the stream')))
  stream.send(sent)
  await promise.finally(() => signal.removeEventListener('abort', onAbort))
}
