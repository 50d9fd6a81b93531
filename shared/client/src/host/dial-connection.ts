/** An outbound libp2p connection of a host that only dials: streams are opened on it, and every incoming one is declined. */
import {
  type AbortOptions,
  type Connection,
  type ConnectionLimits,
  connectionSymbol,
  type Logger,
  type MessageStreamEvents,
  type MultiaddrConnection,
  type NewStreamOptions,
  type PeerId,
  type Stream,
  StreamCloseEvent,
  type StreamMuxer,
  TypedEventEmitter,
} from '@libp2p/interface'
import { handle, select } from '@libp2p/multistream-select'
import type { Multiaddr } from '@multiformats/multiaddr'

/** For a protocol to be agreed on a stream, and for a connection to close politely. */
const negotiationTimeoutMs = 10_000
const closeTimeoutMs = 1_000

export type DialConnectionParameters = {
  maConn: MultiaddrConnection
  muxer: StreamMuxer
  remotePeer: PeerId
  limits: ConnectionLimits | undefined
}

type ConnectionEvents = Omit<MessageStreamEvents, 'drain' | 'message' | 'end'>

/** See `Connection` of @libp2p/interface. */
export class DialConnection extends TypedEventEmitter<ConnectionEvents> implements Connection {
  readonly [connectionSymbol] = true
  readonly id: string = crypto.randomUUID()
  readonly direction = 'outbound'
  readonly remoteAddr: Multiaddr
  readonly remotePeer: PeerId
  readonly timeline: Connection['timeline']
  readonly multiplexer: string
  readonly direct: boolean
  readonly log: Logger
  // Absent and undefined differ for libp2p: only a limited connection has the property.
  declare limits?: ConnectionLimits
  readonly #maConn: MultiaddrConnection
  readonly #muxer: StreamMuxer

  constructor({ maConn, muxer, remotePeer, limits }: DialConnectionParameters) {
    super()
    this.#maConn = maConn
    this.#muxer = muxer
    this.remoteAddr = maConn.remoteAddr
    this.remotePeer = remotePeer
    this.timeline = maConn.timeline
    this.multiplexer = muxer.protocol
    this.direct = isDirect(maConn.remoteAddr)
    this.log = maConn.log
    if (limits !== undefined) this.limits = limits
    muxer.addEventListener('stream', ({ detail }) => void decline(detail))
    maConn.addEventListener('close', ({ local, error }) => this.dispatchEvent(new StreamCloseEvent(local, error)))
  }

  get status(): Connection['status'] {
    return this.#maConn.status
  }

  get streams(): Stream[] {
    return this.#muxer.streams
  }

  async newStream(protocols: string | string[], options: NewStreamOptions = {}): Promise<Stream> {
    if (this.limits !== undefined && options.runOnLimitedConnection !== true) {
      throw new TypeError('this protocol does not run on a limited connection')
    }
    const stream = await this.#muxer.createStream(options)
    const signal = options.signal ?? AbortSignal.timeout(negotiationTimeoutMs)
    try {
      stream.protocol = await select(stream, protocols, { signal })
      return stream
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error('no protocol was agreed', { cause: error }))
      throw error
    }
  }

  async close({ signal = AbortSignal.timeout(closeTimeoutMs) }: AbortOptions = {}): Promise<void> {
    await this.#muxer.close({ signal })
    await this.#maConn.close({ signal })
  }

  abort(error: Error): void {
    this.#muxer.abort(error)
    this.#maConn.abort(error)
  }
}

/** A circuit is not; WebRTC that a circuit only introduced is. */
function isDirect(address: Multiaddr): boolean {
  const names = address.getComponents().map(({ name }) => name)
  return !names.includes('p2p-circuit') || names.includes('webrtc')
}

/** Says of every protocol that it is not spoken here, until the peer asks for no more; then the stream is reset. */
async function decline(stream: Stream): Promise<void> {
  try {
    await handle(stream, [], { signal: AbortSignal.timeout(negotiationTimeoutMs) })
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error('no protocol was agreed', { cause: error }))
  }
}
