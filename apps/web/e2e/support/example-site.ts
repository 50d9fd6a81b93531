/** A site of somebody else that hands out a folder of files under the strictest policy that its pages can have. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html;charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
}

export type ExampleSite = {
  url: string
  /** Hands out a folder under a name. */
  add: (name: string, folder: string) => void
  stop: () => Promise<void>
}

/** Starts the site; its pages may run scripts of their own and of the relay's, and reach the relay's network. */
export async function startExampleSite(relayUrl: string): Promise<ExampleSite> {
  const folders = new Map<string, string>()
  const policy = [
    `default-src 'none'; script-src 'self' ${relayUrl}; style-src 'self'; base-uri 'none'; form-action 'none'`,
    `connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:*`,
    // Svelte parses its own templates under a policy of this name.
    `require-trusted-types-for 'script'; trusted-types svelte-trusted-html`,
  ].join('; ')
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
    const [, name = '', ...rest] = path.split('/')
    const folder = folders.get(name)
    const type = mediaTypes[extname(path)]
    if (folder === undefined || type === undefined) {
      response.writeHead(404).end()
      return
    }
    const content = await readFile(join(folder, ...rest))
    response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(content)
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (name, folder) => folders.set(name, folder),
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
