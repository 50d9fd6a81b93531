/** Writes the rows of a query as CSV: `node query-to-csv.ts 0x…/zipcodes "SELECT * FROM zipcodes" > zipcodes.csv`. */
import { parseNetworkFile, type Value } from '@enigma/client'
import { createNodeClient } from '@enigma/client/node'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'

const [dataset = '', sql = ''] = process.argv.slice(2)
const network = parseNetworkFile(await readFile('enigma-network.json', 'utf8'))
const client = await createNodeClient({ network })

/** One field; what a spreadsheet would run as a formula is marked as text. */
function fieldOf(value: Value): string {
  if (value === null) return ''
  const text = String(value)
  const inert = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}

async function writeLine(values: readonly Value[]): Promise<void> {
  if (!process.stdout.write(`${values.map(fieldOf).join(',')}\n`)) await once(process.stdout, 'drain')
}

try {
  // The free sample. As a subscriber: `authorize` once, then `client.query({ dataset, sql, account })`.
  const { columns, rows, isTruncated, facts } = await client.sample({ dataset, sql }).collect()
  await writeLine(columns.map(({ name }) => name))
  for (const row of rows) await writeLine(row)
  console.error(`${rows.length} verified rows of snapshot ${facts.seq}${isTruncated ? '; there are more' : ''}`)
} finally {
  await client.close()
}
