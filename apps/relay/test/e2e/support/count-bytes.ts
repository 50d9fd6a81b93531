/** Counts what the streams of a host's connections receive; on WebRTC each stream is a data channel. */
import type { Connection, Libp2p, StreamMessageEvent } from '@libp2p/interface'

/** Bytes received on query streams, by connection; counts from the call on. */
export function countReceivedBytes(host: Libp2p): Map<Connection, number> {
  const received = new Map<Connection, number>()
  const watch = (connection: Connection) => {
    if (received.has(connection)) return
    received.set(connection, 0)
    const newStream = connection.newStream.bind(connection)
    connection.newStream = async (...args) => {
      const stream = await newStream(...args)
      stream.addEventListener('message', ({ data }: StreamMessageEvent) => {
        received.set(connection, (received.get(connection) ?? 0) + data.byteLength)
      })
      return stream
    }
  }
  host.getConnections().forEach(watch)
  host.addEventListener('connection:open', ({ detail }) => watch(detail))
  return received
}
