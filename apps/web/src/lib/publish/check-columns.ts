/** What speaks against the columns that a curator edited, as sentences by column; none where all is well. */
import { isColumnType, type PublishColumn } from './column-type.ts'
import { isIdentifier } from './identifiers.ts'

const maxUnit = 40
const maxDescription = 1000
const maxKeyColumns = 8

/** Problems by place of the column, and of the table as a whole. */
export type ColumnProblems = { byColumn: ReadonlyMap<number, string>; table: string | undefined }

/** Checks names, types, lengths and the key. */
export function checkColumns(columns: readonly PublishColumn[], key: readonly string[]): ColumnProblems {
  const byColumn = new Map<number, string>()
  for (const [at, column] of columns.entries()) {
    const problem = problemOf(column, columns.slice(0, at))
    if (problem !== undefined) byColumn.set(at, problem)
  }
  return { byColumn, table: columns.length === 0 ? 'Keep at least one column.' : keyProblem(columns, key) }
}

function problemOf({ name, type, unit, description }: PublishColumn, before: readonly PublishColumn[]) {
  if (!isIdentifier(name)) {
    return 'A name begins with a letter or _, and has only a-z, 0-9 and _, at most 63 characters.'
  }
  if (before.some((column) => column.name === name)) return `Another column is called ${name}; choose another name.`
  if (!isColumnType(type)) return 'This is no type that a column can have.'
  if (unit.length > maxUnit) return `A unit has at most ${maxUnit} characters.`
  if (description.length > maxDescription) return `A description has at most ${maxDescription} characters.`
  return /(?![\t\n])\p{Cc}/u.test(unit + description) ? 'Leave out control characters.' : undefined
}

function keyProblem(columns: readonly PublishColumn[], key: readonly string[]): string | undefined {
  if (key.length > maxKeyColumns) return `A key has at most ${maxKeyColumns} columns.`
  const lost = key.find((name) => !columns.some((column) => column.name === name))
  return lost === undefined ? undefined : `The key names ${lost}, which is no column any more; choose the key again.`
}
