/** The parameters that a statement names, `$1` to `$64`, and what each is probably compared with. */
import type { SqlSchema } from './schema.ts'
import { identifierOf, type SqlToken, tokenizeSql } from './tokenize-sql.ts'

export const parameterTypes = ['text', 'bigint', 'double', 'boolean', 'date', 'timestamp', 'null'] as const
export type ParameterType = (typeof parameterTypes)[number]

export type FoundParameter = {
  /** Counted from 1. */
  number: number
  /** By the column that it stands beside; text where nothing tells. */
  suggestedType: ParameterType
  /** The column that it stands beside. */
  column: string | undefined
}

/** As many as a query may bring. */
export const maxParameters = 64

/** `$1` up to the highest number that the statement names: those between must have a value, too. */
export function findParameters(sql: string, schema: SqlSchema): FoundParameter[] {
  const tokens = tokenizeSql(sql).filter(({ kind }) => kind !== 'comment')
  const columns = new Map(schema.tables.flatMap((table) => table.columns.map(({ name, type }) => [name, type])))
  const found = new Map<number, FoundParameter>()
  tokens.forEach((token, at) => {
    const number = token.kind === 'parameter' ? Number(sql.slice(token.from + 1, token.to)) : 0
    if (number < 1 || number > maxParameters || found.get(number)?.column !== undefined) return
    const column = neighbour(sql, tokens, at, columns)
    found.set(number, { number, column, suggestedType: typeOfColumn(columns.get(column ?? '')) })
  })
  const highest = Math.max(0, ...found.keys())
  return Array.from({ length: highest }, (_, index) => {
    const number = index + 1
    return found.get(number) ?? { number, suggestedType: 'text', column: undefined }
  })
}

/** Signs and words that compare what stands at their sides. */
const comparisons: ReadonlySet<string> = new Set([
  '=',
  '<>',
  '!=',
  '<',
  '>',
  '<=',
  '>=',
  'like',
  'ilike',
  'between',
  'and',
  'in',
  '(',
  ',',
  'not',
  'is',
])
/** How far a column may stand away: `time BETWEEN $1 AND $2`. */
const maxDistance = 6

function neighbour(
  sql: string,
  tokens: readonly SqlToken[],
  at: number,
  columns: ReadonlyMap<string, string>,
): string | undefined {
  for (const direction of [-1, 1]) {
    for (let distance = 1; distance <= maxDistance; distance++) {
      const token = tokens[at + direction * distance]
      if (token === undefined) break
      const name = token.kind === 'word' || token.kind === 'quoted' ? identifierOf(sql, token) : ''
      if (distance > 1 && columns.has(name)) return name
      const isBetween = token.kind === 'parameter' || comparisons.has(sql.slice(token.from, token.to).toLowerCase())
      if (!isBetween) break
    }
  }
  return undefined
}

function typeOfColumn(type: string | undefined): ParameterType {
  if (type === 'integer' || type === 'bigint') return 'bigint'
  if (type === 'double' || type?.startsWith('decimal(') === true) return 'double'
  return parameterTypes.find((known) => known === type) ?? 'text'
}
