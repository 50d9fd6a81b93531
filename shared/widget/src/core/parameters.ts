/** The attribute `params`: what a page's author writes as JSON, as parameters of a query. */
import { limits, MarketplaceError, type Parameter, parameterSchema } from '@enigma/protocol'
import * as v from 'valibot'

/** Values by name, for a grant's template, whose types the node knows. */
export type NamedParameters = Readonly<Record<string, unknown>>

/** Reads an array for `$1`, `$2`, …; throws `setting-invalid` that says which one is wrong. */
export function readParameters(text: string): Parameter[] {
  const values = parse(text, '[]')
  if (!Array.isArray(values)) throw invalid('must be a JSON array of the values of $1, $2, … for a sample')
  if (values.length > limits.parameters) throw invalid(`holds more than ${limits.parameters} values`)
  return values.map(toParameter)
}

/** Reads an object by name; throws `setting-invalid`. */
export function readNamedParameters(text: string): NamedParameters {
  const values = parse(text, '{}')
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw invalid('must be a JSON object of values by name for a grant')
  }
  return values as NamedParameters
}

function parse(text: string, empty: string): unknown {
  if (text.length > limits.queryBytes) throw invalid('is too long')
  try {
    return JSON.parse(text.trim() === '' ? empty : text)
  } catch {
    throw invalid('is not JSON')
  }
}

/** A plain value by its JSON type; `{"type": "date", "value": "2026-01-31"}` and its like say their type. */
function toParameter(value: unknown, at: number): Parameter {
  const parsed = v.safeParse(parameterSchema, typed(value))
  if (parsed.success) return parsed.output
  throw invalid(`has a value for $${at + 1} that is no parameter: ${parsed.issues[0].message}`)
}

function typed(value: unknown): unknown {
  if (value === null) return { type: 'null' }
  if (typeof value === 'boolean') return { type: 'boolean', value }
  if (typeof value === 'string') return { type: 'text', value }
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? { type: 'bigint', value: String(value) } : { type: 'double', value }
  }
  return value
}

function invalid(what: string): MarketplaceError {
  return new MarketplaceError({ code: 'setting-invalid', message: `The attribute params ${what}.` })
}
