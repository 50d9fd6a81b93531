/** Parameters of a template as a page has them, by name and in JavaScript's own types, bound in their places. */
import { MarketplaceError, type Parameter, type Template, type TemplateParameter } from '@enigma/protocol'

/** By name; an integer may be a number, a bigint or text. */
export type ParameterValues = Readonly<Record<string, unknown>>

/**
 * The parameters of a template in order; one that is left out takes the first value that the grant names, or the least of
 * its range. Throws `parameter-invalid` that names what is unknown or of another type; whether the grant allows a value,
 * the node decides.
 */
export function bindParameters({ parameters }: Pick<Template, 'parameters'>, values: ParameterValues): Parameter[] {
  const unknown = Object.keys(values).find((name) => !parameters.some((parameter) => parameter.name === name))
  if (unknown !== undefined) throw invalid('The template has no parameter of this name; leave it out.', unknown)
  return parameters.map((parameter) => {
    if (!Object.hasOwn(values, parameter.name)) return firstOf(parameter)
    const bound = toParameter(parameter.type, values[parameter.name])
    if (bound === undefined) throw invalid(`The template takes a ${parameter.type} here.`, parameter.name)
    return bound
  })
}

function firstOf({ allowed }: TemplateParameter): Parameter {
  if (allowed.kind === 'range') return allowed.min
  const [first = { type: 'null' }] = allowed.values
  return first
}

function toParameter(type: TemplateParameter['type'], value: unknown): Parameter | undefined {
  if (value === null) return { type: 'null' }
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean' ? { type, value } : undefined
    case 'double':
      return typeof value === 'number' && Number.isFinite(value) ? { type, value } : undefined
    case 'bigint': {
      const isInteger = typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))
      const text = isInteger ? value.toString() : value
      return typeof text === 'string' && /^-?\d{1,19}$/.test(text) ? { type, value: text } : undefined
    }
    case 'timestamp':
    case 'date': {
      const text = value instanceof Date && !Number.isNaN(value.getTime()) ? isoOf(type, value) : value
      return typeof text === 'string' ? { type, value: text } : undefined
    }
    case 'text':
      return typeof value === 'string' ? { type, value } : undefined
  }
}

function isoOf(type: 'timestamp' | 'date', value: Date): string {
  return type === 'date' ? value.toISOString().slice(0, 10) : value.toISOString()
}

function invalid(message: string, details: string): MarketplaceError {
  return new MarketplaceError({ code: 'parameter-invalid', message, details })
}
