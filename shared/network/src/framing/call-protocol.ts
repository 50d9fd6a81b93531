/** Request and streamed response, asking side: one CBOR request in, windowed frames out. The shape of every protocol but the query's. */
import type { Connection } from '@libp2p/interface'
import { networkLimits } from '../network-limits.ts'
import { framesOfGroups } from './frame-group.ts'
import { versionFrame } from './message.ts'
import { openStream } from './open-stream.ts'
import { receiveWindowed } from './receive-windowed.ts'

export type CallProtocolParameters = {
  connection: Connection
  protocol: string
  /** Encoded request. */
  request: Uint8Array
  /** The largest frame of the response. */
  maxFrameBytes: number
  /** Time without a frame, in milliseconds, whatever signs of life come; `networkLimits.callQuietMs` when absent. */
  maxQuietMs?: number | undefined
  /** For the whole answer, in milliseconds; `networkLimits.callTotalMs` when absent. */
  maxTotalMs?: number | undefined
  signal?: AbortSignal | undefined
}

/** Asks and yields the frames of the response; throws the peer's refusal, or `no-route`, `timeout`, `unreadable`. */
export async function* callProtocol(parameters: CallProtocolParameters): AsyncGenerator<Uint8Array, void, undefined> {
  const { connection, protocol, request, maxFrameBytes, signal } = parameters
  const { maxQuietMs = networkLimits.callQuietMs, maxTotalMs = networkLimits.callTotalMs } = parameters
  const channel = await openStream({ connection, protocol, signal })
  try {
    await channel.write([versionFrame, [request]], { signal })
  } catch (error) {
    channel.abort(error instanceof Error ? error : new Error('The request was not sent.'))
    throw error
  }
  yield* framesOfGroups(receiveWindowed({ channel, maxFrameBytes, maxQuietMs, maxTotalMs, signal }))
}
