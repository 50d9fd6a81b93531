/** Builds the SDK's page with Vite and serves it on loopback under the policy of the app itself. */
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'
import { build } from 'vite'

const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' }
const policy = [
  "default-src 'none'; script-src 'self'; worker-src 'self'; img-src data:; connect-src http: https: ws: wss:",
  "base-uri 'none'; require-trusted-types-for 'script'; trusted-types enigma-worker",
].join('; ')

export type ServedPage = { url: string; stop: () => Promise<void> }

/** Resolves when the page can be opened at `url`. */
export async function serveSdkPage(): Promise<ServedPage> {
  const directory = await mkdtemp(join(tmpdir(), 'enigma-sdk-page-'))
  await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: 'error',
    build: {
      outDir: directory,
      emptyOutDir: true,
      target: 'es2023',
      modulePreload: { polyfill: false },
      rolldownOptions: { input: join(import.meta.dirname, 'sdk-page.html') },
    },
    worker: { format: 'es' },
  })
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '', 'http://localhost').pathname)
    const file = join(directory, path === '/' ? 'sdk-page.html' : path)
    readFile(file).then(
      (bytes) => {
        const type = types[extname(file)] ?? 'application/octet-stream'
        response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(bytes)
      },
      () => response.writeHead(404).end(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    async stop() {
      server.closeAllConnections()
      server.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
