/** Typed parameters of a statement. */
import * as v from 'valibot'
import { limits } from './limits.ts'
import { textSchema } from './schemas.ts'

/** A typed parameter, bound as `$1`, `$2`, … and never spliced; `bigint` and `timestamp` travel as decimal text. */
export const parameterSchema = v.variant('type', [
  v.strictObject({ type: v.literal('null') }),
  v.strictObject({ type: v.literal('boolean'), value: v.boolean() }),
  v.strictObject({ type: v.literal('double'), value: v.number() }),
  v.strictObject({ type: v.literal('bigint'), value: v.pipe(v.string(), v.regex(/^-?\d{1,19}$/)) }),
  v.strictObject({ type: v.literal('text'), value: textSchema(limits.parameterBytes) }),
  v.strictObject({ type: v.literal('date'), value: v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\d$/)) }),
  v.strictObject({ type: v.literal('timestamp'), value: v.pipe(v.string(), v.isoTimestamp(), v.maxLength(40)) }),
])
export type Parameter = v.InferOutput<typeof parameterSchema>
