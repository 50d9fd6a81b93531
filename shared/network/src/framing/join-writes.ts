/**
 * One write for one message of an encrypted connection. Noise gives its transport a list (length, pieces of ciphertext,
 * tag), and TCP and WebSocket of libp2p 3.3 send each item by itself: a system call and a packet, or a message, each of
 * which wakes the reader.
 */
import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface'

/** An encrypter like the given one, whose connections send every list in one piece. */
export function joinWrites<Components, Extension>(
  create: (components: Components) => ConnectionEncrypter<Extension>,
): (components: Components) => ConnectionEncrypter<Extension> {
  return (components) => {
    const encrypter = create(components)
    const secureInbound = encrypter.secureInbound.bind(encrypter)
    const secureOutbound = encrypter.secureOutbound.bind(encrypter)
    encrypter.secureInbound = (connection, options) => secureInbound(joined(connection), options)
    encrypter.secureOutbound = (connection, options) => secureOutbound(joined(connection), options)
    return encrypter
  }
}

function joined(connection: MessageStream): MessageStream {
  const send = connection.send.bind(connection)
  // Of a list a copy, of plain bytes the bytes themselves.
  connection.send = (data) => send(data.subarray())
  return connection
}
