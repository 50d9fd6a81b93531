/** What the steps of a publication do, over the SDK, the wallet and the chain. Each finds what it did before. */
import { type DatasetConfig, describeMissing, priceToRate } from '@enigma/chain'
import type { MarketplaceClient } from '@enigma/client'
import { describeSnapshot, type Publishing, signSnapshot } from '@enigma/client/publish'
import { type Signer, signManifest, type TypedData, verifyManifest } from '@enigma/crypto'
import {
  datasetIdOf,
  hashManifest,
  type Hex,
  type ManifestNode,
  MarketplaceError,
  type NetworkFile,
  parseDatasetPath,
  type Segment,
} from '@enigma/protocol'
import { privateKeyToAccount } from 'viem/accounts'

import type { BuiltSegment } from '#lib/publish/build-segments.ts'
import { checkDraft } from '#lib/publish/check-draft.ts'
import { shareOf } from '#lib/publish/draft.ts'
import { parseEng } from '#lib/format/eng.ts'
import { quoteIdentifier } from '#lib/sql/schema.ts'
import type { Listing } from '#lib/wallet/listing.ts'
import type { BeginTransaction } from '#lib/wallet/transactions.ts'
import type { Wallets } from '#lib/wallet/wallets.ts'
import { convertFile } from './convert-file.ts'
import { lowestSeq } from './lowest-seq.ts'
import { manifestOf } from './manifest-of.ts'
import type { Converted, Publication, PublicationPorts, StepContext } from './publication.ts'
import { publishedTable, readKnownKeys } from './published-rows.ts'
import type { PublisherKey, PublishStore } from './publish-store.ts'

export type PortParts = {
  network: NetworkFile
  client: MarketplaceClient
  publishing: Publishing
  listing: Listing
  wallets: Pick<Wallets, 'switchChain' | 'client'>
  store: PublishStore
  /** The file that was chosen; undefined where the browser had no room to keep it. */
  file: () => File | undefined
  begin: (parameters: BeginTransaction) => Promise<void>
  whenClosed: (path: string, account: Hex, signal: AbortSignal) => Promise<void>
  /** Told why a node is asked again. */
  onWait: (error: unknown) => void
}

/** Creates the steps. */
export function createPublicationPorts(parts: PortParts): PublicationPorts {
  const { store, publishing, network } = parts
  return {
    keep: store.keepPublication,
    convert: (publication, context) => convert(parts, publication, context),
    accept: (publication, context) => accept(parts, publication, context),
    sign: (publication) => sign(parts, publication),
    register: (publication, context) => register(parts, publication, context),
    async announce({ signed }, { signal }) {
      await publishing.announce({ signed: required(signed), signal })
    },
    describe: (publication, context) => describe(parts, publication, context),
    async signHead(snapshot, { publisher, path }) {
      const key = await keyOf(store, publisher)
      // Noted before it is signed: a number that may have been signed is not given again.
      await store.keepKey({ ...key, signedSeqs: { ...key.signedSeqs, [path]: snapshot.seq } })
      return signSnapshot(snapshot, { signer: privateKeyToAccount(key.privateKey), deployment: network })
    },
    serve: (publication, context) => serve(parts, publication, context),
    check: (publication, context) => check(parts, publication, context),
  }
}

async function convert(parts: PortParts, publication: Publication, context: StepContext): Promise<Converted> {
  const chosen = parts.file()
  if (chosen === undefined) {
    const message = 'This browser had no room to keep the file; choose the same one again, then go on.'
    throw new MarketplaceError({ code: 'rows-invalid', message })
  }
  const { previous, known } = await publishedBefore(parts, publication, context)
  const segments = await convertFile(chosen, publication, context, known)
  if (segments.length === 0) {
    const message = 'Every row of the file is published already; there is nothing to add.'
    throw new MarketplaceError({ code: 'rows-invalid', message })
  }
  const signed = publication.snapshot
  if (signed === undefined) return { segments, previous }
  const hashes = new Set(signed.tables.flatMap((table) => table.segments.map(({ hash }) => hash)))
  if (segments.every(({ hash }) => hashes.has(hash))) return { segments, previous: publication.previous }
  const message = 'This file does not hold the rows that were signed; choose the very file that you published.'
  throw new MarketplaceError({ code: 'rows-invalid', message })
}

/** For later rows: the newest snapshot, and the keys of its rows where rows are added by key. */
async function publishedBefore(parts: PortParts, publication: Publication, context: StepContext) {
  const { later, draft } = publication
  if (later === undefined) return { previous: undefined, known: undefined }
  const here = await readHere(parts, publication, context)
  // Once it is signed, the rows of its own snapshot do not count as published before.
  const previous = publication.snapshot === undefined ? here.latest?.snapshot : publication.previous
  if (later === 'replace' || draft.key.length === 0) return { previous, known: undefined }
  const table = publishedTable(previous, draft)
  return { previous, known: table && (await readKnownKeys(here, table, draft, context)) }
}

async function readHere({ publishing, store }: PortParts, { path, publisher }: Publication, { signal }: StepContext) {
  return publishing.published({ path, publisher: await publisherOf(store, publisher), signal })
}

/** The next snapshot: one number after the newest, which must still be the one that the rows were compared with. */
async function describe(parts: PortParts, publication: Publication, context: StepContext) {
  const { path, draft, segments = [], previous, later } = publication
  const nowSeconds = Math.floor(Date.now() / 1000)
  const dataset = datasetIdOf(parseDatasetPath(path))
  const own = { name: draft.table, columns: draft.columns, segments: segments.map(withoutFile) }
  if (later === undefined) return describeSnapshot({ dataset, tables: [own], nowSeconds })
  const { latest, located } = await readHere(parts, publication, context)
  if (latest?.snapshot.root !== previous?.root || latest?.snapshot.seq !== previous?.seq) {
    const message = 'Other rows were published meanwhile; go back, and publish these on top of them.'
    throw new MarketplaceError({ code: 'snapshot-invalid', message })
  }
  const before = later === 'add' ? (publishedTable(previous, draft)?.segments ?? []) : []
  const others = (previous?.tables ?? []).filter(({ name }) => name !== draft.table)
  const tables = [...others, { ...own, segments: [...before, ...own.segments] }]
  const { signedSeqs } = await keyOf(parts.store, publication.publisher)
  const asked = new Set(located.nodes.map(({ peerId }) => peerId))
  const lowest = lowestSeq({
    ...{ latest: latest?.snapshot, signedHere: signedSeqs?.[path], nowSeconds },
    isComplete: publication.peerIds.every((peerId) => asked.has(peerId)),
  })
  return describeSnapshot({ dataset, tables, previous, lowestSeq: lowest, nowSeconds })
}

/** Asks for the node's terms anew: what it asks now must be what was reviewed, before it is asked for its word. */
async function accept({ publishing }: PortParts, publication: Publication, { signal }: StepContext) {
  const { account: curator, draft, terms, path, segments = [] } = publication
  const { nodes, silent } = await publishing.nodes({ curator, signal })
  const found = nodes.find(({ record }) => record.peerId === terms.peerId)
  if (found === undefined) {
    const why = silent.find(({ peerId }) => peerId === terms.peerId)?.error
    if (why instanceof MarketplaceError) throw why
    const message = 'The chosen node cannot be reached now; try again, or go back and choose another one.'
    throw new MarketplaceError({ code: 'no-node', message, details: terms.peerId })
  }
  const facts = { account: curator, terms: found.terms, minRate: undefined, takenNames: new Set<string>() }
  const [problem] = Object.values(checkDraft(draft, facts))
  if (problem !== undefined) throw notAccepted(problem)
  if (segments.reduce((sum, { bytes }) => sum + bytes, 0) > found.terms.maxBytes) {
    throw notAccepted('The rows have more bytes than the node takes; choose another node or a smaller file.')
  }
  return publishing.accept({ record: found.record, curator, name: parseDatasetPath(path).name, signal })
}

async function sign(parts: PortParts, publication: Publication) {
  const { account, draft, publisher, acceptance } = publication
  await requireDeposit(parts, publication)
  const node: ManifestNode = required(acceptance)
  const manifest = manifestOf({ draft, curator: account, publisher, node })
  const signer: Signer = {
    address: account,
    signTypedData: async (typedData: TypedData) => {
      const walletClient = await walletOf(parts, account)
      const signature = await walletClient.signTypedData({ account: walletClient.account, ...typedData })
      return signature.toLowerCase() as Hex
    },
  }
  const signed = await signManifest({ manifest, signer, deployment: parts.network })
  await verifyManifest({ signed, deployment: parts.network })
  return signed
}

/** Lists it, unless an earlier try did: a page may have gone away before it saw its transaction mined. */
async function register(parts: PortParts, publication: Publication, { signal }: StepContext): Promise<void> {
  const { listing, begin, whenClosed } = parts
  const { path, account, draft } = publication
  const config = configOf(publication)
  await whenClosed(path, account, signal)
  const before = await listing.dataset(path)
  if (before !== undefined) {
    if (await listing.isListedAs(path, config)) return
    const message = 'You listed another dataset under this name already, and names are for ever; choose another one.'
    throw new MarketplaceError({ code: 'dataset-exists', message })
  }
  const deposit = await requireDeposit(parts, publication)
  const { allowance } = await listing.balances(account)
  const common = { path, walletClient: await walletOf(parts, account) }
  if (allowance < deposit) {
    // What stands for renewals of subscriptions is left for them.
    const amount = allowance + deposit
    const run: BeginTransaction['run'] = (hooks) => listing.allow({ ...common, ...hooks, amount })
    await begin({ ...common, kind: 'allowance', run })
    signal.throwIfAborted()
  }
  const terms = {
    ...{ name: parseDatasetPath(path).name, deposit, config, trialSeconds: Number(draft.trialDays) * 86_400 },
    rate: priceToRate(required(parseEng(draft.price))),
  }
  await begin({ ...common, kind: 'register', run: (hooks) => listing.register({ ...common, ...hooks, ...terms }) })
}

/** One node after the other; those that can be reached have it, whatever stops another one. */
async function serve({ publishing, onWait }: PortParts, publication: Publication, context: StepContext) {
  const { path, peerIds, head, snapshot, segments = [] } = publication
  const failures: unknown[] = []
  for (const peerId of peerIds) {
    const served = publishing.serve({
      ...{ path, peerId, signed: required(head), snapshot: required(snapshot), onWait },
      segments: new Map(segments.map(({ hash, file }) => [hash, file])),
      onProgress: ({ bytes, totalBytes }) => context.onProgress({ done: bytes, total: totalBytes, unit: 'bytes' }),
      signal: context.signal,
    })
    await served.catch((error: unknown) => failures.push(error))
    context.signal.throwIfAborted()
  }
  if (failures.length > 0) throw failures[0]
}

/** Asks as a stranger would: the sample where there is one, and in any case which snapshot the node answers from. */
async function check({ client }: PortParts, { path, draft, snapshot }: Publication, { signal }: StepContext) {
  const { seq } = required(snapshot)
  if (draft.sampleRows.trim() !== '') {
    const sql = `SELECT * FROM ${quoteIdentifier(draft.table)} LIMIT 1`
    const { head, rows } = await client.sample({ dataset: path, sql, signal }).collect()
    if (head.head.seq >= seq && rows.length > 0) return
  } else {
    const { newest } = await client.health({ dataset: path, signal })
    if ((newest?.head.seq ?? 0) >= seq) return
  }
  const message = 'The node says that it serves the rows, and does not answer from them yet; check again in a moment.'
  throw new MarketplaceError({ code: 'snapshot-unknown', message })
}

/** What the deposit takes must be there before anything is signed for it. */
async function requireDeposit({ listing }: PortParts, { account, draft }: Publication): Promise<bigint> {
  const deposit = required(parseEng(draft.deposit))
  const { token } = await listing.balances(account)
  if (token >= deposit) return deposit
  const message = `${describeMissing({ held: token, needed: deposit, currency: 'ENG' })} for the deposit, and try again.`
  throw new MarketplaceError({ code: 'funds-missing', message })
}

function configOf({ signed, publisher, draft }: Publication): DatasetConfig {
  const payouts = draft.payouts.map(({ account, percent }) => ({
    payee: account.trim().toLowerCase() as Hex,
    shareBps: required(shareOf(percent)),
  }))
  return { metadataHash: hashManifest(required(signed).manifest), publisher, payouts }
}

async function walletOf({ wallets }: PortParts, account: Hex) {
  await wallets.switchChain()
  const walletClient = await wallets.client()
  if (walletClient.account.address.toLowerCase() === account) return walletClient
  const message =
    'Your wallet is at another account than the one that lists this dataset, so nothing was signed. Switch it back and try again.'
  throw new MarketplaceError({ code: 'aborted', message })
}

async function publisherOf(store: PublishStore, address: Hex): Promise<Signer> {
  return privateKeyToAccount((await keyOf(store, address)).privateKey)
}

async function keyOf(store: PublishStore, address: Hex): Promise<PublisherKey> {
  const key = await store.key(address)
  if (key !== undefined) return key
  const message =
    'The key that signs this dataset’s rows is no longer in this browser; publish by the command line with its backup.'
  throw new MarketplaceError({ code: 'setting-invalid', message, details: address })
}

function withoutFile({ hash, bytes, rows, root }: BuiltSegment): Segment {
  return { hash, bytes, rows, root }
}

function notAccepted(message: string): MarketplaceError {
  return new MarketplaceError({ code: 'not-accepted', message })
}

/** What an earlier step has made: its absence is a mistake of this program. */
function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new TypeError('a step was taken before the one that it rests on')
  return value
}
