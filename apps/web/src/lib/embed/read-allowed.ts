/** What a parameter allows, from what was typed: values, or both ends of a range. */
import type { EmbedType, WholeParameter } from './draft.ts'
import { type ParameterValue, parseParameter } from '#lib/sql/parse-parameter.ts'

/** See `TemplateParameter` of @enigma/protocol. */
export type AllowedValues =
  { kind: 'values'; values: ParameterValue[] } | { kind: 'range'; min: ParameterValue; max: ParameterValue }

export type ParameterProblems = Partial<Record<'name' | 'values' | 'min' | 'max', string>>

const maxValues = 256
/** Together with the rest an embed must fit what relays keep of it. */
const maxListLength = 8_192

/** Reads what is allowed; the problems say at which field. */
export function readAllowed(
  parameter: Pick<WholeParameter, 'type' | 'kind' | 'values' | 'min' | 'max'>,
): { allowed: AllowedValues } | { problems: ParameterProblems } {
  return parameter.kind === 'range' ? readRange(parameter) : readValues(parameter)
}

function readValues({
  type,
  values: text,
}: Pick<WholeParameter, 'type' | 'values'>): { allowed: AllowedValues } | { problems: ParameterProblems } {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const wrong = (values: string) => ({ problems: { values } })
  if (lines.length === 0) return wrong('Name at least one value that visitors may choose, one a line.')
  if (lines.length > maxValues) return wrong(`At most ${maxValues} values; there are ${lines.length}.`)
  if (text.length > maxListLength) return wrong(`At most ${maxListLength} characters of values; shorten the list.`)
  const values: ParameterValue[] = []
  const seen = new Set<unknown>()
  for (const [at, line] of lines.entries()) {
    const parsed = parseParameter(type, line)
    if ('error' in parsed) return wrong(`Value ${at + 1}: ${parsed.error}`)
    const key = plainValue(parsed.value)
    if (seen.has(key)) return wrong(`Value ${at + 1} stands there twice; leave one out.`)
    seen.add(key)
    values.push(parsed.value)
  }
  return { allowed: { kind: 'values', values } }
}

function readRange({
  type,
  min: minText,
  max: maxText,
}: Pick<WholeParameter, 'type' | 'min' | 'max'>): { allowed: AllowedValues } | { problems: ParameterProblems } {
  const [min, max] = [parseParameter(type, minText), parseParameter(type, maxText)]
  if ('error' in min || 'error' in max) {
    return {
      problems: { ...('error' in min ? { min: min.error } : {}), ...('error' in max ? { max: max.error } : {}) },
    }
  }
  if (orderOf(type, min.value) > orderOf(type, max.value)) {
    return { problems: { max: 'The greatest value lies below the least one; swap them.' } }
  }
  return { allowed: { kind: 'range', min: min.value, max: max.value } }
}

function orderOf(type: EmbedType, parameter: ParameterValue): number | bigint {
  const value = plainValue(parameter)
  if (type === 'bigint') return BigInt(String(value))
  return type === 'double' ? Number(value) : Date.parse(String(value))
}

/** A value without its type, as a page writes it; null for none. */
export function plainValue(parameter: ParameterValue): boolean | number | string | null {
  if (parameter.type === 'null') return null
  if (parameter.type !== 'bigint') return parameter.value
  const number = Number(parameter.value)
  return Number.isSafeInteger(number) ? number : parameter.value
}
