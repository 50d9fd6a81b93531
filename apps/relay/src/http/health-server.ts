/** Health and Prometheus metrics on 127.0.0.1: `GET /health` (JSON) and `GET /metrics` (text). */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

export type HealthServer = { port: number; stop: () => Promise<void> }

export type StartHealthServerParameters = {
  /** 0 takes a free port. */
  port: number
  /** What `GET /health` answers; `ok: false` answers 503. */
  health: () => { ok: boolean } & Readonly<Record<string, unknown>>
  registry: Registry
}

/** Starts the server; it listens on loopback only. */
export async function startHealthServer({
  port,
  health,
  registry,
}: StartHealthServerParameters): Promise<HealthServer> {
  const server = createServer((request, response) => {
    if (request.url === '/health') {
      const body = health()
      response.writeHead(body.ok ? 200 : 503, { 'content-type': 'application/json' }).end(toJson(body))
    } else if (request.url === '/metrics') {
      registry.metrics().then(
        (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        (error: unknown) => response.writeHead(500).end(String(error)),
      )
    } else {
      response.writeHead(404).end('GET /health or /metrics')
    }
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) => (typeof entry === 'bigint' ? String(entry) : entry), 2)
}
