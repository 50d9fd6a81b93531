// @ts-check
/// <reference types="@enigma/widget" />
import { createVisitorClient, parseNetworkFile } from './enigma/standalone.js'

const relay = 'https://relay.example'
const dataset = '0x0000000000000000000000000000000000000000/zipcodes'

/** @template {Element} Found @param {string} selector @param {new () => Found} type @returns {Found} */
function find(selector, type) {
  const found = document.querySelector(selector)
  if (found instanceof type) return found
  throw new Error(`the page has no ${selector}`)
}

const [live, dark] = [find('#live', HTMLElement), find('#dark', HTMLButtonElement)]
const status = find('[role=status]', HTMLElement)

find('#again', HTMLButtonElement).addEventListener('click', () => document.querySelector('enigma-query')?.refresh())
find('#hide', HTMLButtonElement).addEventListener('click', () => live.replaceChildren())
dark.addEventListener('click', () => {
  const isDark = dark.ariaPressed !== 'true'
  dark.ariaPressed = String(isDark)
  document.querySelector('enigma-query')?.setAttribute('theme', isDark ? 'dark' : 'light')
})
live.addEventListener('enigma-result', ({ detail }) => (status.textContent = `${detail.rowCount} rows`))

// Rows by the SDK, for whatever is more than a table or a chart.
const network = parseNetworkFile(await (await fetch(`${relay}/enigma-network.json`)).text())
const client = await createVisitorClient({ network })
const sql = 'SELECT city, state FROM zipcodes ORDER BY city LIMIT 5'
const { rows } = await client.sample({ dataset, sql }).collect()
await client.close()
find('ul', HTMLUListElement).append(
  ...rows.map(([city, state]) => Object.assign(document.createElement('li'), { textContent: `${city}, ${state}` })),
)
