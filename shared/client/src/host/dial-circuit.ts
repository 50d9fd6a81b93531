/** A connection through a relay: the dialling side of circuit relay v2 (libp2p specs, relay/circuit-v2.md, hop protocol). */
import type { Connection, ConnectionLimits, Logger, Stream, Upgrader } from '@libp2p/interface'
import { AbstractMultiaddrConnection, lpStream } from '@libp2p/utils'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { Uint8ArrayList } from 'uint8arraylist'
import { concatBytes } from '@enigma/protocol'
import { lastPeerOf } from './upgrade-connection.ts'

const hopProtocol = '/libp2p/circuit/relay/0.2.0/hop'
const maxMessageBytes = 4096
/** `HopMessage.Type` and `Status` of the specification. */
const connectType = 1
const statusType = 2
const statusOk = 100

export type DialCircuitParameters = {
  /** `<relay>/p2p-circuit/p2p/<peerId>`. */
  address: Multiaddr
  /** A connection to the relay of an address. */
  toRelay: (relay: Multiaddr) => Promise<Connection>
  upgrader: Upgrader
  signal: AbortSignal
}

/** Splits a circuit's address; undefined when it is none. */
export function circuitOf(address: Multiaddr): { relay: Multiaddr; peerId: ReturnType<typeof lastPeerOf> } | undefined {
  const components = address.getComponents()
  const at = components.findIndex(({ name }) => name === 'p2p-circuit')
  return at < 1 ? undefined : { relay: multiaddr(components.slice(0, at)), peerId: lastPeerOf(address) }
}

/** Asks the relay for the circuit and upgrades it from end to end: the relay sees bytes that it cannot read. */
export async function dialCircuit({ address, toRelay, upgrader, signal }: DialCircuitParameters): Promise<Connection> {
  const circuit = circuitOf(address)
  if (circuit === undefined) throw new TypeError(`no circuit: ${address.toString()}`)
  const relay = await toRelay(circuit.relay)
  const stream = await relay.newStream(hopProtocol, { signal })
  try {
    const frames = lpStream(stream, { maxDataLength: maxMessageBytes })
    await frames.write(connectMessage(circuit.peerId.toMultihash().bytes), { signal })
    const { type, status, limits } = readHopMessage((await frames.read({ signal })).subarray())
    if (type !== statusType || status !== statusOk) throw new Error(`the relay opens no circuit: status ${status}`)
    frames.unwrap()
    const maConn = new CircuitConnection(stream, address, stream.log)
    return await upgrader.upgradeOutbound(maConn, { signal, ...(limits === undefined ? {} : { limits }) })
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error('no circuit was opened', { cause: error }))
    throw error
  }
}

/** A stream to the relay as the raw connection to the peer behind it. */
class CircuitConnection extends AbstractMultiaddrConnection {
  readonly #stream: Stream

  constructor(stream: Stream, remoteAddr: Multiaddr, log: Logger) {
    super({ remoteAddr, direction: 'outbound', log })
    this.#stream = stream
    stream.addEventListener('message', ({ data }) => this.onData(data))
    stream.addEventListener('drain', () => this.safeDispatchEvent('drain'))
    stream.addEventListener('close', ({ error }) => this.onTransportClosed(error))
    stream.addEventListener('remoteCloseWrite', () => {
      this.onRemoteCloseWrite()
      this.close().catch((error: unknown) => this.abort(error instanceof Error ? error : new Error('not closed')))
    })
  }

  sendData(data: Uint8ArrayList): { sentBytes: number; canSendMore: boolean } {
    return { sentBytes: data.byteLength, canSendMore: this.#stream.send(data) }
  }

  async sendClose(options?: { signal?: AbortSignal }): Promise<void> {
    await this.#stream.close(options)
  }

  sendReset(): void {
    this.#stream.abort(new Error('the circuit is reset'))
  }

  sendPause(): void {
    this.#stream.pause()
  }

  sendResume(): void {
    this.#stream.resume()
  }
}

/** `HopMessage { type: CONNECT, peer: { id } }` in protobuf. */
function connectMessage(peerId: Uint8Array): Uint8Array {
  const peer = concatBytes(Uint8Array.of(0x0a, peerId.length), peerId)
  return concatBytes(Uint8Array.of(0x08, connectType, 0x12, peer.length), peer)
}

type HopMessage = { type: number | undefined; status: number | undefined; limits: ConnectionLimits | undefined }

/** Reads type (1), limit (4: duration 1 in seconds, data 2 in bytes) and status (5); other fields are passed over. */
export function readHopMessage(bytes: Uint8Array): HopMessage {
  const fields = readFields(bytes)
  const limit = fields.get(4)
  return {
    type: numberOf(fields.get(1)),
    status: numberOf(fields.get(5)),
    limits: limit instanceof Uint8Array ? limitsOf(readFields(limit)) : undefined,
  }
}

type Fields = Map<number, bigint | Uint8Array>

function limitsOf(fields: Fields): ConnectionLimits | undefined {
  const [seconds, data] = [numberOf(fields.get(1)), fields.get(2)]
  const limits: ConnectionLimits = {}
  if (seconds !== undefined && seconds > 0) limits.seconds = seconds
  if (typeof data === 'bigint' && data > 0n) limits.bytes = data
  return Object.keys(limits).length === 0 ? undefined : limits
}

function numberOf(field: bigint | Uint8Array | undefined): number | undefined {
  return typeof field === 'bigint' ? Number(field) : undefined
}

/** The fields of a flat protobuf message: varints and byte strings, the last one of a number wins. */
function readFields(bytes: Uint8Array): Fields {
  const fields: Fields = new Map()
  let at = 0
  const readVarint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 64n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw new RangeError('a hop message is cut')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new RangeError('a number of a hop message is too long')
  }
  while (at < bytes.length) {
    const tag = Number(readVarint())
    if ((tag & 7) === 0) fields.set(tag >> 3, readVarint())
    else if ((tag & 7) === 2) {
      const length = Number(readVarint())
      if (length > bytes.length - at) throw new RangeError('a hop message is cut')
      fields.set(tag >> 3, bytes.subarray(at, (at += length)))
    } else throw new RangeError('a hop message has a field of an unknown kind')
  }
  return fields
}
