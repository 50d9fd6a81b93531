/** The columns of a file beside those of a table that is published: each of the table's finds its own by name. */
import type { PublishColumn } from './column-type.ts'
import { isColumnType } from './column-type.ts'

/** `missing`: names of the table that the file lacks, or that stand there with another type; `extra`: what is left out. */
export type FittedColumns = { columns: readonly PublishColumn[]; missing: readonly string[]; extra: readonly string[] }

/** Fits; a Parquet file says itself which types it has, so there they must be the table's. */
export function fitColumns(
  declared: readonly { name: string; type: string }[],
  found: readonly PublishColumn[],
  isTyped: boolean,
): FittedColumns {
  const columns: PublishColumn[] = []
  const missing: string[] = []
  for (const { name, type } of declared) {
    const own = found.find((column) => column.source === name) ?? found.find((column) => column.name === name)
    if (own === undefined || !isColumnType(type) || (isTyped && own.type !== type)) missing.push(name)
    else columns.push({ source: own.source, name, type, unit: '', description: '' })
  }
  const used = new Set(columns.map(({ source }) => source))
  return { columns, missing, extra: found.filter(({ source }) => !used.has(source)).map(({ source }) => source) }
}
