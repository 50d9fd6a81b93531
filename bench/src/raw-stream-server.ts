/** What transports alone can carry: a daemon's own host with one protocol of the bench, which sends as many bytes as it is asked for. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHost, type Host } from '../../apps/relay/src/host/create-host.ts'
import { rawProtocol } from './raw-stream-protocol.ts'

type Stream = Parameters<Parameters<Host['node']['handle']>[1]>[0]

/** As long as the chunks of a large answer; random, as sealed bytes are. */
const piece = new Uint8Array(randomBytes(256 * 1024))

async function send(stream: Stream, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= piece.length) {
    stream.send(piece.subarray(0, Math.min(left, piece.length)))
    while (stream.writableNeedsDrain) await whenDrained(stream)
  }
}

function whenDrained(stream: Stream): Promise<undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  const onClose = () => reject(new Error('the page has left'))
  stream.addEventListener('drain', () => resolve(undefined), { once: true })
  stream.addEventListener('close', onClose, { once: true })
  return promise.finally(() => stream.removeEventListener('close', onClose))
}

const dataDirectory = mkdtempSync(join(tmpdir(), 'enigma-bench-raw-'))
process.on('exit', () => rmSync(dataDirectory, { recursive: true, force: true }))
const listen = ['/ip4/127.0.0.1/tcp/0/ws', '/ip4/127.0.0.1/udp/0/webrtc-direct']
const { node } = await createHost({ kind: 'public', dataDirectory, listen, isDevelopment: true })
await node.handle(rawProtocol, (stream) => {
  stream.addEventListener('message', ({ data }) => {
    send(stream, new DataView(data.slice().buffer).getUint32(0)).catch((error: unknown) => stream.abort(error as Error))
  })
})
const address = { peerId: node.peerId.toString(), multiaddrs: node.getMultiaddrs().map(String) }
process.stdout.write(`${JSON.stringify(address)}\n`)
process.stdin.on('end', () => process.exit()).resume()
