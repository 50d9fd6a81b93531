/** Lets each visitor of your site ask for five minutes, below the embed that you signed: `node mint-server.ts`. */
import { type Hex, parseNetworkFile } from '@enigma/client'
import { createEmbeds, mintGrant } from '@enigma/client/embeds'
import { createNodeClient } from '@enigma/client/node'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

const site = 'https://site.example'
type Kept = { embed: Hex; publicKey: Hex; privateKey: JsonWebKey }
const { embed: id, publicKey, privateKey: jwk } = JSON.parse(await readFile('minter.json', 'utf8')) as Kept
const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
const minter = { publicKey, privateKey: await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign']) }
const network = parseNetworkFile(await readFile('enigma-network.json', 'utf8'))
const client = await createNodeClient({ network })
const embeds = client.extend(createEmbeds)

async function answer({ url, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, visitorKey] = /^\/grant\/(0x04[0-9a-f]{128})$/.exec(url ?? '') ?? []
  // Here you decide who is let in: a login, a paywall, a captcha, so many an hour.
  if (visitorKey === undefined || headers.origin !== site) return void response.writeHead(403).end()
  const nowSeconds = Math.floor(Date.now() / 1000)
  const embed = await embeds.find({ id })
  const visitor = { visitorKey: visitorKey as Hex, total: 20 }
  const grant = await mintGrant({ embed, minter, ...visitor, deployment: network, nowSeconds })
  response.writeHead(200, { 'content-type': 'application/json', 'access-control-allow-origin': site, vary: 'origin' })
  response.end(JSON.stringify({ embed: id, grant }))
}

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    console.error(error)
    response.writeHead(503).end()
  })
})
const port = Number(process.env['PORT'] ?? 8787)
server.listen(port, '127.0.0.1', () => console.log(`grants at http://127.0.0.1:${port}/grant/<the visitor's key>`))
