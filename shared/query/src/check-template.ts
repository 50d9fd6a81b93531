/** Whether parameters are among those that a template allows, and how much a template can return. Pure. */
import {
  MarketplaceError,
  type Parameter,
  type Template,
  type TemplateParameter,
  type TemplateTerms,
} from '@enigma/protocol'

/** Throws `parameter-invalid` unless each parameter is one that the template allows, in its place. */
export function checkTemplateParameters(
  { parameters: allowed }: TemplateTerms,
  parameters: readonly Parameter[],
): void {
  if (parameters.length !== allowed.length) {
    throw invalid(`The template takes ${allowed.length} parameters; send each of them.`, `got ${parameters.length}`)
  }
  for (const [index, parameter] of parameters.entries()) {
    const terms = allowed[index]
    if (terms === undefined || !isAllowed(terms, parameter)) {
      const name = terms?.name ?? `$${index + 1}`
      throw invalid('The grant does not allow this value of a parameter; ask for one that it names.', name)
    }
  }
}

function isAllowed({ type, allowed }: TemplateParameter, parameter: Parameter): boolean {
  if (allowed.kind === 'values') return allowed.values.some((value) => isSame(value, parameter))
  if (parameter.type !== type) return false
  const [value, min, max] = [orderOf(parameter), orderOf(allowed.min), orderOf(allowed.max)]
  return value !== undefined && min !== undefined && max !== undefined && value >= min && value <= max
}

function isSame(a: Parameter, b: Parameter): boolean {
  if (a.type === 'null' || b.type === 'null') return a.type === b.type
  // -0 and NaN too: the value itself is bound.
  return a.type === b.type && Object.is(a.value, b.value)
}

/** A value by which those of one type are ordered as the engine orders them; undefined where there is none. */
function orderOf(parameter: Parameter): number | bigint | undefined {
  if (parameter.type === 'bigint') return BigInt(parameter.value)
  if (parameter.type === 'double') return Number.isNaN(parameter.value) ? undefined : parameter.value
  if (parameter.type !== 'date' && parameter.type !== 'timestamp') return undefined
  const ms = Date.parse(parameter.value)
  return Number.isNaN(ms) ? undefined : ms
}

/**
 * How many different answers the holders of a template can ask for: undefined where the values of a range cannot be
 * counted. Together they return at most this times `maxRows` rows.
 */
export function countAnswers({ parameters }: Pick<Template, 'parameters'>): bigint | undefined {
  let answers = 1n
  for (const parameter of parameters) {
    const values = countValues(parameter)
    if (values === undefined) return undefined
    answers *= values
  }
  return answers
}

const dayMs = 86_400_000n

function countValues({ type, allowed }: TemplateParameter): bigint | undefined {
  if (allowed.kind === 'values') return BigInt(allowed.values.length)
  const [min, max] = [orderOf(allowed.min), orderOf(allowed.max)]
  if (type === 'double' || min === undefined || max === undefined) return undefined
  const span = BigInt(max) - BigInt(min)
  if (span < 0n) return 0n
  if (type === 'bigint') return span + 1n
  // Milliseconds of a range are too many to mean anything to whoever signs.
  return type === 'date' ? span / dayMs + 1n : undefined
}

function invalid(message: string, details: string): MarketplaceError {
  return new MarketplaceError({ code: 'parameter-invalid', message, details })
}
