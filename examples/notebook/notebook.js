// @ts-check
import { createVisitorClient, parseNetworkFile } from './enigma/standalone.js'

const relay = 'https://relay.example'
const dataset = '0x0000000000000000000000000000000000000000/zipcodes'

const network = parseNetworkFile(await (await fetch(`${relay}/enigma-network.json`)).text())
const client = await createVisitorClient({ network })

/** @param {'th' | 'td'} name @param {readonly unknown[]} values */
function lineOf(name, values) {
  const line = document.createElement('tr')
  line.append(...values.map((value) => Object.assign(document.createElement(name), { textContent: String(value) })))
  return line
}

/** What runs in each cell. @type {Map<Element, AbortController>} */
const running = new Map()

/** Runs the cell's query in place of one that still runs, and shows its rows or what is wrong with it. @param {Element} cell */
async function run(cell) {
  const [query, output] = [cell.querySelector('textarea'), cell.querySelector('output')]
  if (query === null || output === null) return
  running.get(cell)?.abort()
  const own = new AbortController()
  running.set(cell, own)
  output.textContent = 'Asking…'
  try {
    const { columns, rows } = await client.sample({ dataset, sql: query.value, signal: own.signal }).collect()
    const table = document.createElement('table')
    const names = columns.map(({ name }) => name)
    table.append(lineOf('th', names), ...rows.map((row) => lineOf('td', row)))
    output.replaceChildren(table)
  } catch (error) {
    if (!own.signal.aborted) output.textContent = error instanceof Error ? error.message : String(error)
  }
}

for (const cell of document.querySelectorAll('.cell')) {
  cell.addEventListener('keydown', (event) => {
    const { key, ctrlKey, metaKey } = /** @type {KeyboardEvent} */ (event)
    if (key === 'Enter' && (ctrlKey || metaKey)) void run(cell)
  })
  void run(cell)
}
