// @ts-check
import { createSessionKey, createVisitorClient, parseNetworkFile } from './enigma/standalone.js'

const relay = 'https://relay.example'
const mintServer = 'https://mint.example'

/** @typedef {import('./enigma/standalone.js').SignedGrant} SignedGrant */

// A key that no page can read out and that is gone with this one; the server's grant is for it alone.
const key = await createSessionKey()
const answer = await fetch(`${mintServer}/grant/${key.publicKey}`)
/** @type {{ embed: `0x${string}`, grant: SignedGrant }} */
const { embed, grant } = await answer.json()
const network = parseNetworkFile(await (await fetch(`${relay}/enigma-network.json`)).text())
const client = await createVisitorClient({ network })

const [state, status, list] = [
  /** @type {HTMLSelectElement} */ (document.querySelector('#state')),
  /** @type {HTMLElement} */ (document.querySelector('[role=status]')),
  /** @type {HTMLElement} */ (document.querySelector('ul')),
]

async function show() {
  const minted = { grant, key }
  const run = await client.embed({ grant: embed, minted, parameters: { state: state.value }, origin: location.origin })
  const { rows } = await run.collect()
  status.textContent = `${rows.length} verified rows`
  list.replaceChildren(
    ...rows.map(([city, code]) => Object.assign(document.createElement('li'), { textContent: `${city} ${code}` })),
  )
}

state.addEventListener('change', () => show().catch((error) => (status.textContent = error.message)))
await show()
