/** Amounts travel as decimal text: one value has one encoding, and none is rounded. */
import * as v from 'valibot'

export const amountSchema = v.pipe(
  v.string(),
  v.regex(/^(0|[1-9]\d{0,59})$/, 'expected a decimal amount'),
  v.transform((text) => BigInt(text)),
)
