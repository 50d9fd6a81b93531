/** An outbound libp2p connection of a host that only dials: incoming streams are declined but for what the host handles. */
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
  type StreamHandler,
  type StreamMuxer,
  TypedEventEmitter,
} from '@libp2p/interface'
import { handle, select } from '@libp2p/multistream-select'
import type { Multiaddr } from '@multiformats/multiaddr'

/** For a protocol to be agreed on a stream, and for a connection to close politely. */
const negotiationTimeoutMs = 10_000
const closeTimeoutMs = 1_000
/** Streams that the peer may have open here at once; more are reset. */
const maxIncomingStreams = 16

/** Who answers which protocol. */
export type StreamHandlers = ReadonlyMap<string, StreamHandler>

export type DialConnectionParameters = {
  maConn: MultiaddrConnection
  muxer: StreamMuxer
  remotePeer: PeerId
  limits: ConnectionLimits | undefined
  handlers: StreamHandlers
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
  readonly #handlers: StreamHandlers
  #incoming = 0

  constructor({ maConn, muxer, remotePeer, limits, handlers }: DialConnectionParameters) {
    super()
    this.#maConn = maConn
    this.#muxer = muxer
    this.#handlers = handlers
    this.remoteAddr = maConn.remoteAddr
    this.remotePeer = remotePeer
    this.timeline = maConn.timeline
    this.multiplexer = muxer.protocol
    this.direct = isDirect(maConn.remoteAddr)
    this.log = maConn.log
    if (limits !== undefined) this.limits = limits
    muxer.addEventListener('stream', ({ detail }) => void this.#answer(detail))
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

  /** Hands the stream to who handles its protocol; where nobody does, it is told so until the peer asks for no more. */
  async #answer(stream: Stream): Promise<void> {
    this.#incoming += 1
    try {
      if (this.#incoming > maxIncomingStreams) throw new RangeError('too many streams at once')
      const signal = AbortSignal.timeout(negotiationTimeoutMs)
      stream.protocol = await handle(stream, [...this.#handlers.keys()], { signal })
      await this.#handlers.get(stream.protocol)?.(stream, this)
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error('no protocol was agreed', { cause: error }))
    } finally {
      this.#incoming -= 1
    }
  }
}

/** A circuit is not; WebRTC that a circuit only introduced is. */
function isDirect(address: Multiaddr): boolean {
  const names = address.getComponents().map(({ name }) => name)
  return !names.includes('p2p-circuit') || names.includes('webrtc')
}
