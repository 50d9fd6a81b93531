/** Column types of datasets as the publishing pages know them, and their words. */

const simpleTypes = ['boolean', 'integer', 'bigint', 'double', 'text', 'blob', 'date', 'timestamp'] as const

/** The protocol's column types. */
export type ColumnType = (typeof simpleTypes)[number] | `decimal(${number},${number})`

/**
 * A value of a column: `integer`, `date` (days since 1970) and `double` are numbers; `bigint`, `timestamp` (microseconds
 * since 1970 UTC) and decimals (unscaled) are bigints.
 */
export type ColumnValue = null | boolean | number | bigint | string | Uint8Array

/** A column to be published. `source` is its name in the file. */
export type PublishColumn = { source: string; name: string; type: ColumnType; unit: string; description: string }

/** Precision and scale of a decimal type; undefined for any other. */
export function decimalOf(type: string): { precision: number; scale: number } | undefined {
  const [, precision, scale] = /^decimal\((\d{1,2}),(\d{1,2})\)$/.exec(type) ?? []
  return precision === undefined || scale === undefined
    ? undefined
    : { precision: Number(precision), scale: Number(scale) }
}

/** Whether a text names a type that a column can have. */
export function isColumnType(type: string): type is ColumnType {
  if (simpleTypes.some((simple) => simple === type)) return true
  const decimal = decimalOf(type)
  if (decimal === undefined) return false
  return decimal.precision >= 1 && decimal.precision <= 38 && decimal.scale <= decimal.precision
}

const words: Record<(typeof simpleTypes)[number], string> = {
  boolean: 'true or false',
  integer: 'a whole number between −2,147,483,648 and 2,147,483,647',
  bigint: 'a whole number of at most 64 bits',
  double: 'a number',
  text: 'text',
  blob: 'bytes',
  date: 'a date (YYYY-MM-DD)',
  timestamp: 'a time (YYYY-MM-DD HH:MM:SS, at most 6 decimals; UTC where no zone is given)',
}

/** What values of a type are, to end a sentence with. */
export function wordsOfType(type: ColumnType): string {
  const decimal = decimalOf(type)
  if (decimal === undefined) return words[type as keyof typeof words]
  const { precision, scale } = decimal
  return `a decimal number with at most ${precision - scale} digits before the point and ${scale} behind it`
}
