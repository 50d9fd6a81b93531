/** What may be written next: columns of the tables that the statement names, tables, then functions and keywords. */
import { keywords } from './keywords.ts'
import { quoteIdentifier, type SqlColumn, type SqlSchema, type SqlTable } from './schema.ts'
import { identifierOf, type SqlToken, tokenizeSql } from './tokenize-sql.ts'

export type SqlCompletion = {
  label: string
  /** What is written, where it is not the label. */
  apply?: string
  kind: 'column' | 'table' | 'function' | 'keyword'
  /** Beside the label: a column's type and unit. */
  detail?: string
  /** Shown when it is chosen. */
  info?: string
  /** Higher ones come first. */
  boost: number
}

export type SqlCompletions = { from: number; options: readonly SqlCompletion[] }

/** How much each kind is preferred. */
const boosts = { column: 60, table: 40, function: 0, keyword: -20 } as const

/** Completions at a place in the statement; undefined in texts, comments, numbers and parameters. */
export function completeSql(sql: string, position: number, schema: SqlSchema): SqlCompletions | undefined {
  const tokens = tokenizeSql(sql)
  const current = tokens.find(({ from, to }) => from < position && position <= to)
  if (current !== undefined && !isOpenWord(current, position)) return undefined
  const isWord = current?.kind === 'word' || current?.kind === 'quoted'
  const from = isWord ? current.from : position
  const before = tokens.filter(({ to, kind }) => to <= from && kind !== 'comment')
  const named = namedTables(sql, tokens, schema)
  const owner = ownerBefore(sql, before)
  if (owner !== undefined) {
    const table = named.get(owner) ?? schema.tables.find(({ name }) => name === owner)
    return table === undefined
      ? undefined
      : { from, options: table.columns.map((column) => columnOption(column, table)) }
  }
  if (expectsTable(sql, before)) return { from, options: schema.tables.map(tableOption) }
  return { from, options: everything(schema, named) }
}

/** Inside of a word or an identifier in quotes, or behind a sign, something may be completed. */
function isOpenWord({ kind, to }: SqlToken, position: number): boolean {
  if (kind === 'word' || kind === 'quoted') return true
  return kind === 'sign' && position === to
}

/** Tables that the statement reads, by their names and aliases there. */
function namedTables(sql: string, tokens: readonly SqlToken[], schema: SqlSchema): Map<string, SqlTable> {
  const code = tokens.filter(({ kind }) => kind !== 'comment')
  const named = new Map<string, SqlTable>()
  code.forEach((token, at) => {
    if (!isName(token)) return
    const table = schema.tables.find(({ name }) => name === identifierOf(sql, token))
    if (table === undefined || !readsTable(sql, code, at)) return
    named.set(table.name, table)
    const next = code[at + 1]
    const alias = next !== undefined && wordOf(sql, next) === 'as' ? code[at + 2] : next
    if (alias === undefined || !isName(alias)) return
    const name = identifierOf(sql, alias)
    if (alias.kind === 'quoted' || !clauseWords.has(name)) named.set(name, table)
  })
  return named
}

const tableWords: ReadonlySet<string> = new Set(['from', 'join'])
/** Words that follow a table and are no alias of it. */
const clauseWords: ReadonlySet<string> = new Set(
  `where group order having limit offset join inner left right full cross asof natural on using union except intersect
  window qualify as select from`.split(/\s+/),
)

/** `FROM a, b` and `JOIN c`. */
function readsTable(sql: string, code: readonly SqlToken[], at: number): boolean {
  for (let index = at - 1; index >= 0; index--) {
    const token = code[index]
    if (token === undefined) return false
    const word = wordOf(sql, token)
    if (tableWords.has(word)) return true
    const isList = word === 'as' || sql.slice(token.from, token.to) === ',' || (isName(token) && !clauseWords.has(word))
    if (!isList) return false
  }
  return false
}

function ownerBefore(sql: string, before: readonly SqlToken[]): string | undefined {
  const [name, dot] = before.slice(-2)
  if (name === undefined || dot === undefined || sql.slice(dot.from, dot.to) !== '.' || !isName(name)) return undefined
  return identifierOf(sql, name)
}

function expectsTable(sql: string, before: readonly SqlToken[]): boolean {
  const last = before.at(-1)
  return last !== undefined && tableWords.has(wordOf(sql, last))
}

function everything(schema: SqlSchema, named: ReadonlyMap<string, SqlTable>): SqlCompletion[] {
  const fallback = schema.tables.find(({ name }) => name === schema.defaultTable)
  const read = named.size > 0 ? new Set(named.values()) : new Set(fallback === undefined ? [] : [fallback])
  const columns = new Map<string, SqlCompletion>()
  for (const table of read) {
    for (const column of table.columns) {
      if (!columns.has(column.name)) columns.set(column.name, columnOption(column, table))
    }
  }
  return [
    ...columns.values(),
    ...schema.tables.map(tableOption),
    ...schema.functions.map((name): SqlCompletion => ({ ...option(name, 'function'), apply: `${name}(` })),
    ...keywords.map((word) => option(word.toUpperCase(), 'keyword')),
  ]
}

function option(label: string, kind: SqlCompletion['kind']): SqlCompletion {
  return { label, kind, boost: boosts[kind] }
}

function columnOption({ name, type, unit, description }: SqlColumn, table: SqlTable): SqlCompletion {
  return {
    ...option(name, 'column'),
    ...quoted(name),
    detail: unit === undefined ? type : `${type} · ${unit}`,
    info: description ?? `A column of ${table.name}.`,
  }
}

function tableOption({ name, description, columns }: SqlTable): SqlCompletion {
  const info = description ?? columns.map((column) => column.name).join(', ')
  return { ...option(name, 'table'), ...quoted(name), detail: `${columns.length} columns`, info }
}

function quoted(name: string): { apply?: string } {
  const text = quoteIdentifier(name)
  return text === name ? {} : { apply: text }
}

function isName({ kind }: SqlToken): boolean {
  return kind === 'word' || kind === 'quoted'
}

function wordOf(sql: string, token: SqlToken): string {
  return token.kind === 'word' ? sql.slice(token.from, token.to).toLowerCase() : ''
}
