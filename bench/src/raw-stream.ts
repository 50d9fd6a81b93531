/** The server of raw-stream-server.ts as a process of its own, as a daemon is. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

type RawNode = { peerId: string; multiaddrs: string[] }

export type RawStreamServer = { node: RawNode; stop: () => Promise<void> }

/** Resolves when it can be dialled. */
export async function serveRawStreams(): Promise<RawStreamServer> {
  const script = join(import.meta.dirname, 'raw-stream-server.ts')
  const server = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(server.stdout, 'data')) as [Buffer]
  return {
    node: JSON.parse(String(line)) as RawNode,
    async stop() {
      server.stdin.end()
      if (server.exitCode === null) await once(server, 'exit')
    },
  }
}
