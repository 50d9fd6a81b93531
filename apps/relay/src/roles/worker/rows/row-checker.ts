/** Checks what a script yields against the declared tables, naming the row and column that is wrong (DESIGN §8). */
import { type Manifest, MarketplaceError, type Table, type Value } from '@enigma/protocol'
import { convertValue } from './convert-value.ts'

/** One checked row: the table it is for and its values in column order. */
export type CheckedRow = { table: string; values: Value[] }

/** A script yields `row` when the dataset has one table, or `[table, row]`; throws `rows-invalid`. */
export function createRowChecker({
  tables,
}: Pick<Manifest, 'tables'>): (yielded: unknown, index: number) => CheckedRow {
  const byName = new Map(tables.map((table) => [table.name, { table, names: namesOf(table) }]))
  const [only] = tables
  return (yielded, index) => {
    const [name, row] = (Array.isArray(yielded) ? yielded : [only?.name, yielded]) as [unknown, unknown]
    if (!Array.isArray(yielded) && tables.length > 1) {
      throw invalid(index, `this dataset has ${tables.length} tables: yield ['table', { … }]`)
    }
    const found = typeof name === 'string' ? byName.get(name) : undefined
    if (found === undefined) throw invalid(index, `no table is called ${JSON.stringify(name).slice(0, 80)}`)
    return { table: found.table.name, values: checkRow({ ...found, row, index }) }
  }
}

function namesOf({ columns }: Table): ReadonlySet<string> {
  return new Set(columns.map(({ name }) => name))
}

function checkRow({
  table,
  names,
  row,
  index,
}: {
  table: Table
  names: ReadonlySet<string>
  row: unknown
  index: number
}): Value[] {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    throw invalid(index, `a row is an object with the columns ${[...names].slice(0, 20).join(', ')}`)
  }
  const unknown = Object.keys(row).find((name) => !names.has(name))
  if (unknown !== undefined) throw invalid(index, `table ${table.name} declares no column ${unknown.slice(0, 80)}`)
  const fields = row as Readonly<Record<string, unknown>>
  return table.columns.map(({ name, type }) => {
    const isKey = table.key?.includes(name) === true
    const value = convertField({ name, type, value: Object.hasOwn(fields, name) ? fields[name] : null, index })
    if (isKey && value === null) throw invalid(index, `column ${name} is part of the key of ${table.name} and is empty`)
    return value
  })
}

function convertField({
  name,
  type,
  value,
  index,
}: {
  name: string
  type: Table['columns'][number]['type']
  value: unknown
  index: number
}): Value {
  try {
    return convertValue(type, value)
  } catch (error) {
    if (error instanceof TypeError) throw invalid(index, `column ${name} ${error.message}`)
    throw error
  }
}

function invalid(index: number, what: string): MarketplaceError {
  return new MarketplaceError({
    code: 'rows-invalid',
    message:
      'The curation script yielded a row that does not fit the declared tables; mend the script or the manifest.',
    details: `row ${index + 1}: ${what}`,
  })
}
