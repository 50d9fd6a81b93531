/** Grants: signed, narrowing permissions, wallet → session key → … (DESIGN §6, shape of ERC-8395). */
import * as v from 'valibot'
import { limits } from './limits.ts'
import { addressSchema, hashSchema, hexSchema, textSchema, uintSchema } from './schemas.ts'

/** Ability bits; a grant with any other bit is refused. */
export const abilities = { query: 1, embed: 2 } as const

/** 32 zero bytes: no parent, no templates, or every dataset of the account. */
export const zeroHash = `0x${'0'.repeat(64)}` as const

/** `maxRows` and `maxBytes` bound one query; `perMinute`, `perDay` and `total` count queries. */
export const grantLimitsSchema = v.strictObject({
  maxRows: uintSchema(limits.rowsPerQuery),
  maxBytes: uintSchema(limits.bytesPerQuery),
  perMinute: uintSchema(0xffff_ffff),
  perDay: uintSchema(0xffff_ffff),
  total: uintSchema(),
})
export type GrantLimits = v.InferOutput<typeof grantLimitsSchema>

/**
 * `profile` "p256": `delegateKey` is an uncompressed P-256 point; "eoa": a 20-byte account; "open": no key, whoever holds
 * the grant may use it. `origin` names the web origins that it is for, with a space in between; empty for any. `epoch` is
 * the account's at the grant registry. Of the embeds of one `id` the highest `revision` counts. `maxChildren` is how deep
 * grants below it may go, and not how many there may be.
 */
export const grantSchema = v.strictObject({
  root: addressSchema,
  delegateKey: hexSchema(65),
  profile: v.picklist(['p256', 'eoa', 'open']),
  origin: textSchema(1000),
  permissions: v.pipe(
    v.array(v.strictObject({ dataset: hashSchema, abilities: uintSchema(0xffff_ffff), templatesRoot: hashSchema })),
    v.minLength(1),
    v.maxLength(32),
  ),
  nodes: v.pipe(v.array(v.strictObject({ signer: addressSchema, bps: uintSchema(10_000) })), v.maxLength(32)),
  id: hashSchema,
  revision: uintSchema(),
  epoch: uintSchema(),
  validAfter: uintSchema(),
  validUntil: uintSchema(),
  maxRequestSeconds: uintSchema(limits.requestSeconds),
  maxChildren: uintSchema(0xffff_ffff),
  limits: grantLimitsSchema,
  parentGrantHash: hashSchema,
})
export type Grant = v.InferOutput<typeof grantSchema>

/** A grant with its signature: the wallet's (65 bytes, or more for ERC-1271) or the parent's P-256 key (64 bytes). */
export const signedGrantSchema = v.strictObject({ grant: grantSchema, signature: hexSchema(2048) })
export type SignedGrant = v.InferOutput<typeof signedGrantSchema>

/** Grants from the wallet's down to the one whose delegate signs the query. */
export const grantChainSchema = v.pipe(v.array(signedGrantSchema), v.minLength(1), v.maxLength(limits.grantDepth))
export type GrantChain = v.InferOutput<typeof grantChainSchema>
