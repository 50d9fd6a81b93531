/**
 * Signs an embed whose visitors your own server lets in: `node create-embed.ts 0x…/zipcodes owner.key`. The account needs a
 * subscription. Writes the server's key to `minter.json` and prints the embed's id; neither is the account's key.
 */
import { createSessionKey, type Hex, parseNetworkFile } from '@enigma/client'
import { createEmbeds } from '@enigma/client/embeds'
import { createNodeClient } from '@enigma/client/node'
import { readFile, writeFile } from 'node:fs/promises'
import { privateKeyToAccount } from 'viem/accounts'

const [dataset = '', keyFile = ''] = process.argv.slice(2)
const signer = privateKeyToAccount((await readFile(keyFile, 'utf8')).trim() as Hex)
const network = parseNetworkFile(await readFile('enigma-network.json', 'utf8'))
const client = await createNodeClient({ network })
const minter = await createSessionKey({ extractable: true })
try {
  const embed = await client.extend(createEmbeds).create({
    ...{ signer, dataset },
    terms: {
      templates: [
        {
          name: 'cities',
          sql: 'SELECT city, zip_code FROM zipcodes WHERE state = $1 ORDER BY city LIMIT 20',
          parameters: [
            {
              name: 'state',
              type: 'text',
              allowed: { kind: 'values', values: ['CA', 'NY', 'TX'].map((value) => ({ type: 'text', value })) },
            },
          ],
          maxRows: 20,
        },
      ],
      limits: { maxRows: 20, maxBytes: 1_000_000, perMinute: 600, perDay: 100_000, total: 1_000_000 },
      expiresInSeconds: 30 * 86_400,
      minter: minter.publicKey,
    },
  })
  const privateKey = await crypto.subtle.exportKey('jwk', minter.privateKey)
  const kept = { embed: embed.grant.grant.id, publicKey: minter.publicKey, privateKey }
  await writeFile('minter.json', JSON.stringify(kept), { mode: 0o600, flag: 'wx' })
  console.log(kept.embed)
} finally {
  await client.close()
}
