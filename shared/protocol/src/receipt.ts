/** The receipt: a node's EIP-712 signature over (query, snapshot, result) (DESIGN §6). */
import * as v from 'valibot'
import { addressSchema, hashSchema, signatureSchema, textSchema, uintSchema } from './schemas.ts'

/** `snapshot` is the snapshot's Merkle root; `deterministic` says that an honest node could give no other result. */
export const receiptSchema = v.strictObject({
  dataset: hashSchema,
  snapshot: hashSchema,
  seq: uintSchema(),
  queryHash: hashSchema,
  resultHash: hashSchema,
  rows: uintSchema(),
  manifestHash: hashSchema,
  engineId: textSchema(80),
  deterministic: v.boolean(),
  issuedAt: uintSchema(),
})
export type Receipt = v.InferOutput<typeof receiptSchema>

export const signedReceiptSchema = v.strictObject({
  receipt: receiptSchema,
  signer: addressSchema,
  signature: signatureSchema,
})
export type SignedReceipt = v.InferOutput<typeof signedReceiptSchema>
