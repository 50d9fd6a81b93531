/** Templates: the only statements that an embed grant's holders may run (DESIGN §6). */
import * as v from 'valibot'
import { limits } from './limits.ts'
import { type Parameter, parameterSchema } from './parameter.ts'
import { hashSchema, identifierSchema, textSchema, uintSchema } from './schemas.ts'

const typeSchema = v.picklist(['boolean', 'double', 'bigint', 'text', 'date', 'timestamp'])

/** Types whose values have an order, and so may be allowed by a range. */
const rangedTypes: readonly Parameter['type'][] = ['double', 'bigint', 'date', 'timestamp']

/**
 * A parameter of a template: `$1`, `$2`, … in order. Its value is one of `values`, where null is only allowed when it is
 * named, or lies within `min` and `max`, both included.
 */
export const templateParameterSchema = v.pipe(
  v.strictObject({
    name: identifierSchema,
    type: typeSchema,
    allowed: v.variant('kind', [
      v.strictObject({
        kind: v.literal('values'),
        values: v.pipe(v.array(parameterSchema), v.minLength(1), v.maxLength(limits.templateValues)),
      }),
      v.strictObject({ kind: v.literal('range'), min: parameterSchema, max: parameterSchema }),
    ]),
  }),
  v.check(({ type, allowed }) => {
    if (allowed.kind === 'values') return allowed.values.every((value) => value.type === type || value.type === 'null')
    return rangedTypes.includes(type) && allowed.min.type === type && allowed.max.type === type
  }, 'allows values of another type'),
)
export type TemplateParameter = v.InferOutput<typeof templateParameterSchema>

/** What is allowed besides the SQL: `name` tells templates of one grant apart; `maxRows` bounds one answer. */
const termsEntries = {
  name: identifierSchema,
  parameters: v.pipe(
    v.array(templateParameterSchema),
    v.maxLength(limits.templateParameters),
    v.check((each) => new Set(each.map(({ name }) => name)).size === each.length, 'names a parameter twice'),
  ),
  maxRows: uintSchema(limits.rowsPerQuery),
}

export const templateTermsSchema = v.strictObject(termsEntries)
/** A template without its SQL, as it travels beside a query that carries the SQL. */
export type TemplateTerms = v.InferOutput<typeof templateTermsSchema>

export const templateSchema = v.strictObject({
  ...termsEntries,
  sql: v.pipe(textSchema(limits.templateSqlBytes), v.minLength(1)),
})
export type Template = v.InferOutput<typeof templateSchema>

/** A query's claim that its SQL is a template of its grant: the rest of the template and its place under the root. */
export const templateClaimSchema = v.strictObject({
  terms: templateTermsSchema,
  index: uintSchema(limits.templates - 1),
  count: v.pipe(uintSchema(limits.templates), v.minValue(1)),
  proof: v.pipe(v.array(hashSchema), v.maxLength(Math.ceil(Math.log2(limits.templates)))),
})
export type TemplateClaim = v.InferOutput<typeof templateClaimSchema>
