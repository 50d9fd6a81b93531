/** Column types of datasets and answers. `decimal` carries precision and scale: `decimal(18,4)`. */
import * as v from 'valibot'
import { identifierSchema, textSchema } from './schemas.ts'

const simpleTypes = ['boolean', 'integer', 'bigint', 'double', 'text', 'blob', 'date', 'timestamp'] as const
const decimalPattern = /^decimal\((\d{1,2}),(\d{1,2})\)$/

/** SQL types of a column: `integer` 32 bits, `bigint` 64 bits, `timestamp` microseconds UTC, `date` days. */
export type ColumnType = (typeof simpleTypes)[number] | `decimal(${number},${number})`

/** Precision (1 to 38) and scale of a decimal type, or undefined for any other type. */
export function decimalOf(type: string): { precision: number; scale: number } | undefined {
  const [, precision, scale] = decimalPattern.exec(type) ?? []
  return precision === undefined || scale === undefined
    ? undefined
    : { precision: Number(precision), scale: Number(scale) }
}

/** Whether a text names a column type that we know. */
export function isColumnType(type: string): type is ColumnType {
  if (simpleTypes.some((simple) => simple === type)) return true
  const decimal = decimalOf(type)
  return (
    decimal !== undefined && decimal.precision >= 1 && decimal.precision <= 38 && decimal.scale <= decimal.precision
  )
}

export const columnTypeSchema = v.pipe(v.string(), v.guard(isColumnType, 'unknown column type'))

/** How a column is protected at its source (DESIGN §11); `none` until the encryption issue. */
export const encryptionClassSchema = v.picklist(['none', 'random', 'det', 'ope', 'ashe', 'share'])

export const columnSchema = v.strictObject({
  name: identifierSchema,
  type: columnTypeSchema,
  unit: v.exactOptional(textSchema(40)),
  description: v.exactOptional(textSchema(1000)),
  encryption: encryptionClassSchema,
})
export type Column = v.InferOutput<typeof columnSchema>

/** A column of an answer or snapshot: its name as the query gave it, and its type. */
export const resultColumnSchema = v.strictObject({ name: textSchema(200), type: columnTypeSchema })
export type ResultColumn = v.InferOutput<typeof resultColumnSchema>

/**
 * One value: `integer`, `date` (days since 1970) and `double` are numbers; `bigint`, `timestamp` (microseconds since
 * 1970 UTC) and decimals (unscaled) are bigints; `blob` is bytes.
 */
export type Value = null | boolean | number | bigint | string | Uint8Array
