/** The server of a minted embed as copyable text: it lets visitors of a site in, one by one, for five minutes each. */

/** Where the server answers on its site, as the tag names it. */
export const grantUrl = '/enigma-grant'

/** A program for Node ≥ 22.12. `origin` is that of a relay; `embed` is the id once it is signed. */
export function serverSnippet({ origin, embed }: { origin: string; embed: string | undefined }): string {
  const id = embed === undefined ? 'process.env.EMBED' : JSON.stringify(embed)
  return `// mint.mjs, served at ${grantUrl} of your site. Once: npm install @enigma/client
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createEmbeds, mintGrant } from '@enigma/client/embeds'
import { createNodeClient } from '@enigma/client/node'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
const kept = await readFile('minter.json', 'utf8').then(JSON.parse, makeKey)
const privateKey = await crypto.subtle.importKey('jwk', kept.jwk, algorithm, false, ['sign'])
const minter = { privateKey, publicKey: kept.publicKey }
console.log('public key', minter.publicKey)

const network = await (await fetch(${JSON.stringify(`${origin}/enigma-network.json`)})).json()
const embeds = (await createNodeClient({ network })).extend(createEmbeds)

createServer(async (request, response) => {
  try {
    // Look here at who asks, such as at a cookie of your site, and throw for those whom you do not let in.
    const { visitorKey } = JSON.parse(await readBody(request))
    if (!/^0x04[0-9a-f]{128}$/.test(visitorKey)) throw new Error('no key')
    const embed = await embeds.find({ id: ${id} })
    const nowSeconds = Math.floor(Date.now() / 1000)
    const grant = await mintGrant({ embed, minter, visitorKey, deployment: network, nowSeconds, total: 100 })
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(JSON.stringify(grant))
  } catch {
    response.writeHead(403).end()
  }
}).listen(Number(process.env.PORT ?? 8300), '127.0.0.1')

async function readBody(request) {
  let body = ''
  for await (const chunk of request) if ((body += chunk).length > 1000) throw new Error('too long')
  return body
}

async function makeKey() {
  const key = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const point = Buffer.from(await crypto.subtle.exportKey('raw', key.publicKey))
  const made = { publicKey: '0x' + point.toString('hex'), jwk: await crypto.subtle.exportKey('jwk', key.privateKey) }
  await writeFile('minter.json', JSON.stringify(made), { mode: 0o600, flag: 'wx' })
  return made
}
`
}
