/** Words of `/enigma/catalogue/1.0.0`. Amounts travel as decimal text; one value has one encoding. */
import type { CatalogueEntry, CataloguePage } from '@enigma/catalogue'
import { catalogueSorts } from '@enigma/catalogue'
import {
  addressSchema,
  decodeCbor,
  encodeCbor,
  hashSchema,
  limits,
  peerIdSchema,
  signedManifestSchema,
  signedNodeRecordSchema,
  textSchema,
  uintSchema,
} from '@enigma/protocol'
import * as v from 'valibot'
import { amountSchema } from '../amount-schema.ts'
import { networkLimits } from '../network-limits.ts'

/** What a node tells of itself or its datasets; the same bytes travel by gossip and by `announce`. */
export const announcementSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('manifest'), signed: signedManifestSchema }),
  v.strictObject({ kind: v.literal('record'), signed: signedNodeRecordSchema }),
])
export type Announcement = v.InferOutput<typeof announcementSchema>

/** The most bytes of an encoded announcement. */
export const maxAnnouncementBytes = limits.manifestBytes + 1024

const items = networkLimits.itemsPerRequest

export const pageRequestSchema = v.strictObject({
  kind: v.literal('page'),
  text: v.exactOptional(textSchema(200)),
  tags: v.exactOptional(v.pipe(v.array(textSchema(40)), v.maxLength(20))),
  curator: v.exactOptional(addressSchema),
  hasSample: v.exactOptional(v.literal(true)),
  isCurated: v.exactOptional(v.literal(true)),
  minRate: v.exactOptional(amountSchema),
  maxRate: v.exactOptional(amountSchema),
  sort: v.picklist(catalogueSorts),
  offset: uintSchema(1_000_000),
  limit: v.pipe(uintSchema(networkLimits.pageEntries), v.minValue(1)),
})

export const catalogueRequestSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('announce'), item: announcementSchema }),
  pageRequestSchema,
  v.strictObject({ kind: v.literal('contents') }),
  v.strictObject({ kind: v.literal('manifests'), hashes: v.pipe(v.array(hashSchema), v.maxLength(items)) }),
  v.strictObject({ kind: v.literal('accepting'), limit: v.pipe(uintSchema(items), v.minValue(1)) }),
  v.strictObject({ kind: v.literal('records'), peerIds: v.pipe(v.array(peerIdSchema), v.maxLength(items)) }),
])
export type CatalogueRequest = v.InferOutput<typeof catalogueRequestSchema>
/** A request as it travels. */
export type WireCatalogueRequest = v.InferInput<typeof catalogueRequestSchema>
export type PageRequest = Omit<v.InferOutput<typeof pageRequestSchema>, 'kind'>

export const announceReplySchema = v.strictObject({ isNew: v.boolean() })

/** One frame of the contents of a node: at most this many lines of each kind. */
export const contentsLines = 1000
export const contentsSchema = v.strictObject({
  manifests: v.pipe(v.array(v.strictObject({ dataset: hashSchema, hash: hashSchema })), v.maxLength(contentsLines)),
  records: v.pipe(v.array(v.strictObject({ peerId: peerIdSchema, seq: uintSchema() })), v.maxLength(contentsLines)),
})

const listingSchema = v.strictObject({
  dataset: hashSchema,
  curator: addressSchema,
  name: textSchema(31),
  metadataHash: hashSchema,
  publisher: addressSchema,
  rate: amountSchema,
  deposit: amountSchema,
  subscribers: amountSchema,
  monthlyRevenue: amountSchema,
  churn: amountSchema,
  rank: amountSchema,
  trialSeconds: uintSchema(),
  registeredBlock: uintSchema(),
  closedAt: uintSchema(),
})

const summarySchema = v.strictObject({
  title: textSchema(120),
  excerpt: textSchema(600),
  licence: textSchema(200),
  tags: v.pipe(v.array(textSchema(40)), v.maxLength(20)),
  tables: uintSchema(limits.tables),
  columns: uintSchema(limits.tables * limits.columns),
  nodes: uintSchema(limits.nodesPerDataset),
  hasSample: v.boolean(),
  isCurated: v.boolean(),
})

/** The end of the year 9999: what is later is no time that a page can show. */
const timeSchema = uintSchema(253_402_300_799)

const observationSchema = v.pipe(
  v.strictObject({
    head: v.exactOptional(v.strictObject({ seq: uintSchema(), createdAt: timeSchema })),
    looks: v.pipe(uintSchema(), v.minValue(1)),
    answered: uintSchema(),
    since: timeSchema,
  }),
  v.check(({ looks, answered }) => answered <= looks, 'more answers than looks'),
)

const entrySchema = v.strictObject({
  listing: listingSchema,
  summary: summarySchema,
  observed: v.exactOptional(observationSchema),
})

const pageSchema = v.strictObject({
  total: uintSchema(),
  entries: v.pipe(v.array(entrySchema), v.maxLength(networkLimits.pageEntries)),
})

/** A page request as it travels: amounts as text. */
export function pageRequestToWire({ minRate, maxRate, ...rest }: PageRequest): WireCatalogueRequest {
  return {
    ...rest,
    kind: 'page',
    ...(minRate === undefined ? {} : { minRate: minRate.toString() }),
    ...(maxRate === undefined ? {} : { maxRate: maxRate.toString() }),
  }
}

/** Bytes of a page. */
export function encodePage({ total, entries }: CataloguePage): Uint8Array {
  return encodeCbor({ total, entries: entries.map(toWire) })
}

function toWire({ listing, ...told }: CatalogueEntry) {
  const { rate, deposit, subscribers, monthlyRevenue, churn, rank, ...rest } = listing
  const amounts = { rate, deposit, subscribers, monthlyRevenue, churn, rank }
  const texts = Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, amount.toString()]))
  return { listing: { ...rest, ...texts }, ...told }
}

/** Decodes a page; throws `unreadable`. */
export function decodePage(bytes: Uint8Array): CataloguePage {
  const maxBytes = networkLimits.frameBytes
  return decodeCbor({ bytes, schema: pageSchema, maxBytes, code: 'unreadable', what: 'page' })
}

/** Bytes of what is gossiped. */
export function encodeGossip(item: Announcement): Uint8Array {
  return encodeCbor(item)
}

/** Decodes what was gossiped; throws `unreadable`. */
export function decodeGossip(bytes: Uint8Array): Announcement {
  const maxBytes = maxAnnouncementBytes
  return decodeCbor({ bytes, schema: announcementSchema, maxBytes, code: 'unreadable', what: 'announcement' })
}
