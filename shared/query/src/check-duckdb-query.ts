/**
 * The guard's first layer: an allow-list over the syntax tree of one DuckDB statement. What is not known is refused:
 * statements, nodes, table references, functions, casts. Names of common table expressions are scoped lexically.
 */
import { MarketplaceError } from '@enigma/protocol'
import {
  aggregateFunctions,
  allowedFunctions,
  castTypes,
  deterministicFunctions,
  expressionClasses,
  inexactFunctions,
  joinKinds,
  modifiers,
  operators,
  queryNodes,
  refusedValueNames,
  tableReferences,
  volatileValueNames,
} from './duckdb-dialect.ts'
import { positionDetails, positionOfByte } from './sql-position.ts'

const maxDepth = 120
const maxNodes = 20_000
const maxTableReferences = 8
/** DuckDB's "no position", rounded by JSON. */
const noPosition = 2 ** 53

export type CheckDuckdbQueryParameters = {
  /** The query's text, to say where in it something is refused. */
  sql: string
  /** The parsed answer of `json_serialize_sql`. */
  tree: unknown
  /** Lower-case names of the dataset's tables. */
  tables: ReadonlySet<string>
  /** Names of tables that hold floating-point columns: sums over them depend on the order of rows. */
  inexactTables: ReadonlySet<string>
  /** How many parameters the query brings: `$1` to `$n` may occur. */
  parameterCount: number
}

export type CheckedQuery = {
  /** The dataset's tables that are read. */
  tables: ReadonlySet<string>
  /** Whether every honest engine gives the same set of rows. */
  deterministic: boolean
}

type TreeObject = Readonly<Record<string, unknown>>
type Scope = ReadonlySet<string>
type Walk = CheckDuckdbQueryParameters & {
  found: Set<string>
  functions: Set<string>
  nodes: number
  references: number
  isDeterministic: boolean
  /** Whether floating-point numbers come from the query itself. */
  isInexact: boolean
}

/** Checks a query; throws `sql-refused` with the position in the SQL where it is known (see `positionDetails`). */
export function checkDuckdbQuery(parameters: CheckDuckdbQueryParameters): CheckedQuery {
  try {
    return checkTree(parameters)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new MarketplaceError({ code: 'sql-refused', message: error.message, details: placeOf(parameters, error) })
  }
}

/** A refusal as the tree places it: the parser counts characters in syntax errors, and bytes everywhere else. */
class Refusal extends Error {
  readonly place: unknown
  readonly unit: 'characters' | 'bytes'

  constructor(message: string, place?: unknown, unit: 'characters' | 'bytes' = 'bytes') {
    super(message)
    this.place = place
    this.unit = unit
  }
}

function placeOf({ sql }: CheckDuckdbQueryParameters, { place, unit }: Refusal): string | undefined {
  if (typeof place !== 'number' || !(place >= 0 && place < noPosition)) return undefined
  return positionDetails(unit === 'bytes' ? positionOfByte(sql, place) : place)
}

function checkTree(parameters: CheckDuckdbQueryParameters): CheckedQuery {
  const statement = onlyStatement(parameters.tree)
  const walk: Walk = {
    ...parameters,
    found: new Set(),
    functions: new Set(),
    nodes: 0,
    references: 0,
    isDeterministic: true,
    isInexact: false,
  }
  visit(walk, statement['node'], new Set(), 0)
  const sums = [...walk.functions].some((name) => aggregateFunctions.has(name))
  const inexact = walk.isInexact || [...walk.found].some((table) => parameters.inexactTables.has(table))
  return { tables: walk.found, deterministic: walk.isDeterministic && !(sums && inexact) }
}

function onlyStatement(tree: unknown): TreeObject {
  if (!isObject(tree)) throw new Refusal('The query could not be parsed.')
  if (tree['error'] === true) {
    const message = typeof tree['error_message'] === 'string' ? tree['error_message'] : 'syntax error'
    const place = Number(tree['position'] ?? NaN)
    throw new Refusal(`The query is not a single SELECT: ${message.slice(0, 300)}`, place, 'characters')
  }
  const statements = tree['statements']
  if (!Array.isArray(statements) || statements.length !== 1 || !isObject(statements[0])) {
    throw new Refusal('Send one SELECT statement at a time.')
  }
  return statements[0]
}

function visit(walk: Walk, value: unknown, scope: Scope, depth: number): void {
  if (value === null || typeof value !== 'object') return
  if (depth > maxDepth || ++walk.nodes > maxNodes) throw new Refusal('The query is nested too deeply or too long.')
  if (Array.isArray(value)) {
    for (const entry of value) visit(walk, entry, scope, depth + 1)
  } else if (isObject(value)) {
    visitObject(walk, value, scope, depth)
  }
}

function visitObject(walk: Walk, value: TreeObject, scope: Scope, depth: number): void {
  if ('cte_map' in value) {
    visitQueryNode(walk, value, scope, depth)
  } else if ('class' in value) {
    visitExpression(walk, value, scope, depth)
  } else if ('sample' in value && 'alias' in value) {
    visitTableReference(walk, value, scope, depth)
  } else {
    visitPlain(walk, value, scope, depth)
  }
}

function visitQueryNode(walk: Walk, node: TreeObject, outer: Scope, depth: number): void {
  requireKnown(queryNodes, node, 'type', 'This kind of query')
  if ((node['sample'] ?? null) !== null) throw new Refusal('Sampling is not allowed.')
  const scope = new Set(outer)
  for (const [name, definition] of commonTables(node['cte_map'])) {
    if (scope.has(name) || walk.tables.has(name))
      throw new Refusal(`WITH ${name} hides another table; choose another name.`)
    visit(walk, definition, scope, depth + 1)
    scope.add(name)
  }
  visitChildren(walk, node, scope, depth, ['cte_map'])
}

function commonTables(map: unknown): [string, unknown][] {
  const entries = isObject(map) ? map['map'] : undefined
  if (!Array.isArray(entries)) throw new Refusal('The query could not be read.')
  return entries.map((entry: unknown) => {
    const value = isObject(entry) ? entry['value'] : undefined
    if (!isObject(entry) || typeof entry['key'] !== 'string' || !isObject(value))
      throw new Refusal('The query could not be read.')
    if (Array.isArray(value['key_targets']) && value['key_targets'].length > 0)
      throw new Refusal('WITH … USING KEY is not allowed.')
    return [entry['key'].toLowerCase(), value['query']]
  })
}

function visitTableReference(walk: Walk, reference: TreeObject, scope: Scope, depth: number): void {
  const type = requireKnown(tableReferences, reference, 'type', 'Reading from this')
  if (reference['sample'] !== null) throw new Refusal('Sampling is not allowed.', reference['query_location'])
  if (type !== 'EMPTY' && ++walk.references > maxTableReferences) {
    throw new Refusal(`A query may name at most ${maxTableReferences} tables.`, reference['query_location'])
  }
  if (type === 'BASE_TABLE') visitBaseTable(walk, reference, scope)
  if (type === 'JOIN') checkJoin(walk, reference)
  visitChildren(walk, reference, scope, depth, [])
}

function visitBaseTable(walk: Walk, reference: TreeObject, scope: Scope): void {
  const name = typeof reference['table_name'] === 'string' ? reference['table_name'].toLowerCase() : ''
  const position = reference['query_location']
  if (
    reference['catalog_name'] !== '' ||
    reference['schema_name'] !== '' ||
    (reference['at_clause'] ?? null) !== null
  ) {
    throw new Refusal('Name the table alone, without catalog, schema or AT.', position)
  }
  if (scope.has(name)) return
  if (!walk.tables.has(name)) {
    throw new Refusal(
      `There is no table "${name.slice(0, 80)}" in this dataset; it has: ${[...walk.tables].join(', ')}.`,
      position,
    )
  }
  walk.found.add(name)
}

function checkJoin(walk: Walk, join: TreeObject): void {
  // Of rows that are equally near, an ASOF join takes any.
  if (requireKnown(joinKinds, join, 'ref_type', 'This kind of join') === 'ASOF') walk.isDeterministic = false
  const using = join['using_columns']
  if (join['condition'] === null && (!Array.isArray(using) || using.length === 0)) {
    throw new Refusal('A join needs a condition: ON or USING.', join['query_location'])
  }
}

function visitExpression(walk: Walk, expression: TreeObject, scope: Scope, depth: number): void {
  const kind = requireKnown(expressionClasses, expression, 'class', 'This expression')
  if (kind === 'CONSTANT') {
    if (isFloat(isObject(expression['value']) ? expression['value']['type'] : undefined)) walk.isInexact = true
    return
  }
  if (kind === 'COLUMN_REF') checkColumn(walk, expression)
  if (kind === 'FUNCTION' || kind === 'WINDOW') checkFunction(walk, expression)
  if (kind === 'OPERATOR') requireKnown(operators, expression, 'type', 'This operator')
  if (kind === 'WINDOW') walk.isDeterministic = false
  if (kind === 'CAST') checkCast(walk, expression)
  if (kind === 'PARAMETER') checkParameter(walk, expression)
  if (kind === 'STAR' && (expression['columns'] === true || (expression['expr'] ?? null) !== null)) {
    throw new Refusal('COLUMNS(…) is not allowed; name the columns.', expression['query_location'])
  }
  visitChildren(walk, expression, scope, depth, kind === 'CAST' ? ['cast_type'] : [])
}

/** A name alone that no table has as a column means one of SQL's own values, such as `current_user`. */
function checkColumn(walk: Walk, expression: TreeObject): void {
  const names = expression['column_names']
  if (!Array.isArray(names) || names.length !== 1) return
  const name = String(names[0]).toLowerCase()
  if (refusedValueNames.has(name)) {
    throw new Refusal(`"${name}" is not allowed; write <table>.${name} for a column.`, expression['query_location'])
  }
  if (volatileValueNames.has(name)) walk.isDeterministic = false
}

function checkFunction(walk: Walk, expression: TreeObject): void {
  const name = typeof expression['function_name'] === 'string' ? expression['function_name'].toLowerCase() : ''
  const position = expression['query_location']
  // The parser itself writes `main` for EXTRACT, TRIM, POSITION, list literals and the like.
  if ((expression['schema'] !== '' && expression['schema'] !== 'main') || expression['catalog'] !== '') {
    throw new Refusal('Name the function alone, without catalog or schema.', position)
  }
  if (!allowedFunctions.has(name)) throw new Refusal(`The function "${name.slice(0, 80)}" is not allowed.`, position)
  walk.functions.add(name)
  if (inexactFunctions.has(name)) walk.isInexact = true
  if (!deterministicFunctions.has(name)) walk.isDeterministic = false
}

function checkCast(walk: Walk, expression: TreeObject): void {
  const type = isObject(expression['cast_type']) ? expression['cast_type'] : {}
  requireKnown(castTypes, type, 'id', 'A cast to this type', expression['query_location'])
  if (isFloat(type)) walk.isInexact = true
}

function checkParameter(walk: Walk, expression: TreeObject): void {
  const index = Number(expression['identifier'])
  walk.isInexact = true
  if (Number.isInteger(index) && index >= 1 && index <= walk.parameterCount) return
  throw new Refusal(
    `The query names $${String(expression['identifier'])} and brings ${walk.parameterCount} parameters.`,
  )
}

function visitPlain(walk: Walk, value: TreeObject, scope: Scope, depth: number): void {
  const { type } = value
  if (typeof type === 'string' && type.endsWith('_MODIFIER')) {
    requireKnown(modifiers, value, 'type', 'This clause')
    if (type === 'LIMIT_MODIFIER') walk.isDeterministic = false
    if (type === 'ORDER_MODIFIER' && depth <= 2) walk.isDeterministic = false
    if (type === 'DISTINCT_MODIFIER' && hasEntries(value['distinct_on_targets'])) walk.isDeterministic = false
  }
  visitChildren(walk, value, scope, depth, isOrderByAll(value) ? ['expression'] : [])
}

/** `ORDER BY ALL` is a star that names nothing. */
function isOrderByAll({ expression, null_order: nullOrder }: TreeObject): boolean {
  if (nullOrder === undefined || !isObject(expression) || expression['class'] !== 'STAR') return false
  return (
    expression['columns'] === true &&
    (expression['expr'] ?? null) === null &&
    Object.values(expression).every((value) => typeof value !== 'object' || value === null || isEmptyList(value))
  )
}

function visitChildren(walk: Walk, value: TreeObject, scope: Scope, depth: number, except: readonly string[]): void {
  for (const [key, child] of Object.entries(value)) if (!except.includes(key)) visit(walk, child, scope, depth + 1)
}

function requireKnown(
  known: ReadonlySet<string>,
  value: TreeObject,
  key: string,
  what: string,
  position?: unknown,
): string {
  const name = value[key]
  if (typeof name === 'string' && known.has(name)) return name
  const label = typeof name === 'string' ? name.toLowerCase().replaceAll('_', ' ') : 'unknown'
  throw new Refusal(`${what} is not allowed (${label}).`, position ?? value['query_location'])
}

function hasEntries(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

function isFloat(type: unknown): boolean {
  return isObject(type) && (type['id'] === 'FLOAT' || type['id'] === 'DOUBLE')
}

function isObject(value: unknown): value is TreeObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
