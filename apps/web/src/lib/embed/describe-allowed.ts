/** What a signed template allows, as its owner reads it and as the fields of its preview begin. */
import { formatCount } from '#lib/format/numbers.ts'
import type { PlannedTemplate } from './read-template.ts'
import { plainValue } from './read-allowed.ts'
import type { ParameterValue } from '#lib/sql/parse-parameter.ts'

type Allowed = PlannedTemplate['parameters'][number]['allowed']

/** A value as people read it. */
export function valueText(value: ParameterValue): string {
  return String(plainValue(value))
}

/** `one of 3 values`, `from 1 to 100`. */
export function describeAllowed(allowed: Allowed): string {
  if (allowed.kind === 'range') return `from ${valueText(allowed.min)} to ${valueText(allowed.max)}`
  const [only] = allowed.values
  return allowed.values.length === 1 && only !== undefined
    ? `always ${valueText(only)}`
    : `one of ${formatCount(allowed.values.length)} values`
}

/** What a visitor gets who names no value. */
export function firstAllowed(allowed: Allowed): ParameterValue {
  return allowed.kind === 'range' ? allowed.min : (allowed.values[0] ?? { type: 'null' })
}
