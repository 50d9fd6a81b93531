// @ts-check
import { createVisitorClient, parseNetworkFile } from './enigma/standalone.js'

const relay = 'https://relay.example'
const mintServer = 'https://mint.example'

const embed = '0x0000000000000000000000000000000000000000000000000000000000000000'

/** @typedef {import('./enigma/standalone.js').SignedGrant} SignedGrant */
/** @type {{ grant: SignedGrant } | undefined} */
let minted

/**
 * The server's grant is for the page's own key, which no page can read out and which is gone with this one. It lasts five
 * minutes and some questions: a fresh one is asked for when it no longer counts.
 * @param {{ visitorKey: string, isFresh: boolean, signal: AbortSignal | undefined }} asked
 */
async function mint({ visitorKey, isFresh, signal }) {
  if (minted === undefined || isFresh) {
    const answer = await fetch(`${mintServer}/grant/${visitorKey}`, signal === undefined ? {} : { signal })
    if (!answer.ok) throw new Error(`This site does not let you in: ${answer.status}`)
    minted = await answer.json()
  }
  if (minted === undefined) throw new Error('The site gave no grant.')
  return minted.grant
}

const network = parseNetworkFile(await (await fetch(`${relay}/enigma-network.json`)).text())
const client = await createVisitorClient({ network })

const [state, status, list] = [
  /** @type {HTMLSelectElement} */ (document.querySelector('#state')),
  /** @type {HTMLElement} */ (document.querySelector('[role=status]')),
  /** @type {HTMLElement} */ (document.querySelector('ul')),
]

async function show() {
  const run = await client.embed({ grant: embed, mint, parameters: { state: state.value }, origin: location.origin })
  const { rows } = await run.collect()
  status.textContent = `${rows.length} verified rows`
  list.replaceChildren(
    ...rows.map(([city, code]) => Object.assign(document.createElement('li'), { textContent: `${city} ${code}` })),
  )
}

const showOrSay = () => show().catch((error) => (status.textContent = error.message))
state.addEventListener('change', showOrSay)
await showOrSay()
