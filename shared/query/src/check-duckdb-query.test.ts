/** Properties of the guard over syntax trees: whatever a parser says, only what is known is let through. */
import { MarketplaceError } from '@enigma/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CheckedQuery, checkDuckdbQuery } from './check-duckdb-query.ts'
import { allowedFunctions, castTypes, expressionClasses, queryNodes, tableReferences } from './duckdb-dialect.ts'
import trees from './cases/serialized-queries.json' with { type: 'json' }

const tables = new Set(['trades', 'products'])

function check(tree: unknown): CheckedQuery | MarketplaceError {
  try {
    return checkDuckdbQuery({ sql: 'SELECT', tree, tables, inexactTables: new Set(), parameterCount: 2 })
  } catch (error) {
    if (error instanceof MarketplaceError && error.code === 'sql-refused') return error
    throw error
  }
}

/** Chooses places by key, value and the object or array that they stand in. */
type IsWanted = (key: string | number, child: unknown, parent: object) => boolean
type Path = readonly (string | number)[]

/** Paths of every value in a tree whose key `isWanted`. */
function pathsOf(value: unknown, isWanted: IsWanted, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return []
  const entries: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return entries.flatMap(([key, child]) => [
    ...(isWanted(key, child, value) ? [[...at, key]] : []),
    // What stands in a constant is a value and no syntax; types are checked as one.
    ...(key === 'value' && 'class' in value ? [] : pathsOf(child, isWanted, [...at, key])),
  ])
}

/** A copy of a tree with one value replaced. */
function replaced(value: unknown, [key, ...rest]: Path, replacement: unknown): unknown {
  if (key === undefined) return replacement
  if (Array.isArray(value))
    return (value as unknown[]).map((each, index) => (index === key ? replaced(each, rest, replacement) : each))
  const object = value as Record<string, unknown>
  return { ...object, [key]: replaced(object[key], rest, replacement) }
}

const anyTree = fc.constantFrom(...(trees as { sql: string; tree: unknown }[]))
const junk = fc.oneof(fc.jsonValue(), fc.constantFrom('', 'hidden', 'getenv', 'TABLE_FUNCTION', null, [], {}))

/** A tree, one place in it of the wanted kind, and what is put there. */
function mutation(isWanted: IsWanted, replacement: fc.Arbitrary<unknown>) {
  return fc
    .record({ tree: anyTree, at: fc.nat(), replacement })
    .map(({ tree: { tree }, at, replacement: other }) => {
      const paths = pathsOf(tree, isWanted)
      const path = paths[at % Math.max(1, paths.length)]
      return path === undefined ? undefined : replaced(tree, path, other)
    })
    .filter((tree) => tree !== undefined)
}

const unknownName = (known: ReadonlySet<string>) =>
  fc
    .oneof(
      fc.string(),
      fc.constantFrom('getenv', 'hidden', 'TABLE_FUNCTION', 'LAMBDA', 'PIVOT', 'RECURSIVE_CTE_NODE', 'JSON'),
    )
    .filter((name) => !known.has(name) && !known.has(name.toLowerCase()))
const alwaysRefused = (isWanted: IsWanted, name: fc.Arbitrary<unknown>) => {
  fc.assert(
    fc.property(mutation(isWanted, name), (tree) => {
      expect(check(tree)).toBeInstanceOf(MarketplaceError)
    }),
  )
}

test('accepts the trees as they are', () => {
  for (const { sql, tree } of trees) expect([sql, check(tree) instanceof MarketplaceError]).toEqual([sql, false])
})

describe('random changes', () => {
  test('anything at all is accepted or refused, and never thrown otherwise', () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 6 }), (tree) => void check(tree)))
  })

  test('any part replaced by junk is accepted or refused', () => {
    fc.assert(
      fc.property(
        mutation(() => true, junk),
        (tree) => void check(tree),
      ),
      { numRuns: 2000 },
    )
  })

  test('an unknown table, function, node, reference, expression or type is refused wherever it stands', () => {
    const isType =
      (marker: string, except = ''): IsWanted =>
      (key, _child, parent) =>
        key === 'type' && marker in parent && !(except in parent)
    // A CTE may be named in any case.
    const ctes = [...JSON.stringify(trees).matchAll(/"key":"([^"]+)"/g)].map(([, name = '']) => name.toLowerCase())
    const names = new Set([...tables, ...ctes])
    alwaysRefused((key, child) => key === 'table_name' && tables.has(String(child)), unknownName(names))
    alwaysRefused((key) => key === 'function_name', unknownName(allowedFunctions))
    alwaysRefused((key) => key === 'class', unknownName(expressionClasses))
    alwaysRefused(isType('cte_map'), unknownName(queryNodes))
    alwaysRefused(isType('sample', 'cte_map'), unknownName(tableReferences))
    alwaysRefused(
      (key, child) => key === 'cast_type' && typeof child === 'object',
      fc.record({ id: unknownName(castTypes) }),
    )
  })

  test('a catalog, schema, sample or AT clause is refused wherever it stands', () => {
    const name = fc.string({ minLength: 1 }).filter((text) => text !== 'main')
    alwaysRefused((key) => key === 'catalog_name' || key === 'catalog', name)
    alwaysRefused((key) => key === 'schema_name' || key === 'schema', name)
    alwaysRefused((key) => key === 'sample' || key === 'at_clause', fc.constant({ sample_size: 1 }))
  })
})
