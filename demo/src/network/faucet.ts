/** The faucet of the development chain: `POST /fund {"account": "0x…"}` tops an account up to a fixed amount. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const maxBodyBytes = 1024
const accountPattern = /^0x[0-9a-fA-F]{40}$/

export type Faucet = { url: string; stop: () => Promise<void> }

/** Starts the faucet on loopback; `fund` sends the money and resolves when it has arrived. */
export async function startFaucet({ fund }: { fund: (account: `0x${string}`) => Promise<void> }): Promise<Faucet> {
  const server = createServer((request, response) => {
    answer(request, fund).then(
      ({ status, body }) => reply(response, status, body),
      (error: unknown) => reply(response, 500, { error: error instanceof Error ? error.message : String(error) }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function answer(request: IncomingMessage, fund: (account: `0x${string}`) => Promise<void>) {
  if (request.method === 'OPTIONS') return { status: 204, body: undefined }
  if (request.method !== 'POST' || request.url !== '/fund') {
    return { status: 404, body: { error: 'POST /fund with {"account": "0x…"}' } }
  }
  const account = accountOf(await readBody(request))
  if (account === undefined) return { status: 400, body: { error: 'expected {"account": "0x…"}, 40 hex digits' } }
  await fund(account)
  return { status: 200, body: { account } }
}

function accountOf(text: string): `0x${string}` | undefined {
  const value = parseJson(text)
  const account = typeof value === 'object' && value !== null && 'account' in value ? value.account : undefined
  return typeof account === 'string' && accountPattern.test(account) ? (account as `0x${string}`) : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > maxBodyBytes) throw new Error('the request is too long')
  }
  return text
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'access-control-allow-origin': '*',
    'access-control-allow-headers': 'content-type',
    'content-type': 'application/json',
  })
  response.end(body === undefined ? '' : JSON.stringify(body))
}
