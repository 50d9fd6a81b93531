/** What a node says of the tables that it serves, read with suspicion. */
import { isIdentifier, MarketplaceError, probeColumns, type ResultColumn, type Value } from '@enigma/protocol'

/** A table of a snapshot: its rows, and the bytes of the segments that hold them. */
export type TableSize = { name: string; rows: number; bytes: number }

/** Reads the rows of a probe's answer; throws `answer-invalid`. */
export function readTableSizes({
  columns,
  rows,
}: {
  columns: readonly ResultColumn[]
  rows: readonly (readonly Value[])[]
}): TableSize[] {
  const isExpected =
    columns.length === probeColumns.length &&
    probeColumns.every(({ name, type }, at) => columns[at]?.name === name && columns[at].type === type)
  if (!isExpected) throw notUnderstood()
  return rows.map(([name, count, bytes]) => {
    if (!isIdentifier(name)) throw notUnderstood()
    return { name, rows: sizeOf(count), bytes: sizeOf(bytes) }
  })
}

function sizeOf(value: Value | undefined): number {
  const size = typeof value === 'bigint' ? Number(value) : NaN
  if (!Number.isSafeInteger(size) || size < 0) throw notUnderstood()
  return size
}

function notUnderstood(): MarketplaceError {
  return new MarketplaceError({ code: 'answer-invalid', message: 'The node did not say how it is; ask another one.' })
}
