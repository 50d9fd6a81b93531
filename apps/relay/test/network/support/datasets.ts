/** Signed manifests and node records of made-up datasets, and a chain that lists what a test tells it. */
import { createQueryKeyPair, signManifest, signNodeAcceptance, signNodeRecord } from '@enigma/crypto'
import type { ChainListing } from '@enigma/catalogue'
import {
  datasetIdOf,
  type Deployment,
  hashManifest,
  type Hex,
  type Manifest,
  type NodeRecord,
  type NodeRole,
  type SignedManifest,
  type SignedNodeRecord,
} from '@enigma/protocol'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import type { Host } from '../../../src/host/create-host.ts'
import type { CatalogueChain } from '../../../src/roles/relay/catalogue-chain.ts'
import { addressesOf, peerIdOf } from './nodes.ts'

export const deployment: Deployment = { chainId: 31_337, marketplace: `0x${'11'.repeat(20)}` }

export const nowSeconds = () => Math.floor(Date.now() / 1000)

export type TestNode = { host: Host; account: ReturnType<typeof newAccount>; roles: NodeRole[] }

export function newAccount() {
  return privateKeyToAccount(generatePrivateKey())
}

export type TestDataset = { dataset: Hex; hash: Hex; manifest: Manifest; signed: SignedManifest; listing: ChainListing }

export async function createDataset({
  name,
  nodes = [],
  curator = newAccount(),
  version = 1,
  rank = 0n,
  registeredBlock = 1,
}: {
  name: string
  nodes?: TestNode[]
  curator?: ReturnType<typeof newAccount>
  version?: number
  rank?: bigint
  registeredBlock?: number
}): Promise<TestDataset> {
  const address = curator.address.toLowerCase() as Hex
  const dataset = datasetIdOf({ curator: address, name })
  const accepted = nodes.map(({ host, account, roles }) =>
    signNodeAcceptance({ node: { peerId: peerIdOf(host), roles }, dataset, signer: account, deployment }),
  )
  const manifest: Manifest = {
    v: 1,
    curator: address,
    name,
    version,
    title: `Title of ${name}`,
    description: 'Made for a test.',
    licence: 'CC0',
    tags: ['test'],
    tables: [{ name: 'prices', columns: [{ name: 'price', type: 'double', encryption: 'none' }] }],
    sample: [],
    trialSeconds: 0,
    publisher: address,
    storage: { engine: 'duckdb', place: 'here' },
    nodes: await Promise.all(accepted),
    limits: { maxRows: 1000, timeoutSeconds: 10 },
  }
  const signed = await signManifest({ manifest, signer: curator, deployment })
  const hash = hashManifest(signed.manifest)
  const listing: ChainListing = {
    dataset,
    curator: address,
    name,
    metadataHash: hash,
    publisher: address,
    rate: 1n,
    deposit: 1n,
    subscribers: 0n,
    monthlyRevenue: 0n,
    churn: 0n,
    rank,
    trialSeconds: 0,
    registeredBlock,
    closedAt: 0,
  }
  return { dataset, hash, manifest, signed, listing }
}

export async function createRecord({
  node: { host, account, roles },
  seq,
  multiaddrs,
  accepts = false,
}: {
  node: TestNode
  seq: number
  multiaddrs?: string[]
  accepts?: boolean
}): Promise<SignedNodeRecord> {
  const { publicKeyHex, keyId } = await createQueryKeyPair()
  const issuedAt = nowSeconds()
  const record: NodeRecord = {
    v: 1,
    peerId: peerIdOf(host),
    signer: account.address.toLowerCase() as Hex,
    roles,
    multiaddrs: multiaddrs ?? addressesOf(host),
    queryKey: publicKeyHex,
    keyId,
    datasets: [],
    ...(accepts ? { accepts } : {}),
    seq,
    issuedAt,
    expiresAt: issuedAt + 3600,
  }
  return signNodeRecord({
    record,
    signer: account,
    deployment,
    peerSign: async (message) => host.privateKey.sign(message),
  })
}

export type TestChain = CatalogueChain & {
  list: (...datasets: TestDataset[]) => void
  /** Nobody subscribes here. */
  accessOf: () => undefined
}

export function createTestChain(): TestChain {
  const listings = new Map<Hex, ChainListing>()
  return {
    list(...datasets) {
      for (const { listing } of datasets) listings.set(listing.dataset, listing)
    },
    metadataHashOf(dataset) {
      const listing = listings.get(dataset)
      return listing?.closedAt === 0 ? listing.metadataHash : undefined
    },
    listings: () => listings,
    accessOf: () => undefined,
    changed: () => undefined,
  }
}
