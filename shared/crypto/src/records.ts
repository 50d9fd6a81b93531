/** Signing and verifying what nodes, publishers and curators publish (DESIGN §5, §6, §8). Verifiers throw by code. */
import {
  concatBytes,
  datasetIdOf,
  decodeManifest,
  decodeNodeRecord,
  type Deployment,
  encodeManifest,
  encodeNodeRecord,
  hashManifest,
  hashNodeRecord,
  type Hex,
  limits,
  type Manifest,
  type ManifestNode,
  MarketplaceError,
  type NodeRecord,
  type Receipt,
  type SignedHead,
  type SignedManifest,
  type SignedNodeRecord,
  type SignedReceipt,
  type SnapshotHead,
  utf8,
} from '@enigma/protocol'
import { peerIdFromString } from '@libp2p/peer-id'
import { hexToBytes, bytesToHex } from 'viem'
import { keyIdOf } from './hpke.ts'
import { isSignedBy } from './known-signers.ts'
import { signatureInvalid } from './p256.ts'
import { recoverSigner } from './recover-signer.ts'
import { hashTyped, type Signer, signTyped, typedDataOf } from './typed-data.ts'

/** Signs a manifest as its curator. */
export async function signManifest({
  manifest,
  signer,
  deployment,
}: {
  manifest: Manifest
  signer: Signer
  deployment: Deployment
}): Promise<SignedManifest> {
  const bytes = encodeManifest(manifest)
  const signature = await signer.signTypedData(typedDataOf('Manifest', manifestMessage(manifest, bytes), deployment))
  return { manifest: bytes, signature }
}

export type VerifyManifestParameters = {
  signed: SignedManifest
  deployment: Deployment
  /** The hash on chain, where it is known. */
  expectedHash?: Hex | undefined
}

/** Checks hash, the curator's signature and every node's acceptance; throws `manifest-mismatch` or `manifest-invalid`. */
export async function verifyManifest({
  signed,
  deployment,
  expectedHash,
}: VerifyManifestParameters): Promise<Manifest> {
  if (expectedHash !== undefined && hashManifest(signed.manifest) !== expectedHash) {
    throw new MarketplaceError({
      code: 'manifest-mismatch',
      message: 'The manifest is not the one whose hash is on chain; ask another relay.',
    })
  }
  const manifest = decodeManifest(signed.manifest)
  const digest = hashTyped('Manifest', manifestMessage(manifest, signed.manifest), deployment)
  if ((await recoverSigner(digest, signed.signature)) !== manifest.curator) {
    throw new MarketplaceError({ code: 'manifest-invalid', message: 'The manifest is not signed by its curator.' })
  }
  const dataset = datasetIdOf(manifest)
  for (const node of manifest.nodes) {
    if (await verifyNodeAcceptance({ node, dataset, deployment })) continue
    const message = `Node ${node.peerId} never accepted to serve this dataset.`
    throw new MarketplaceError({ code: 'manifest-invalid', message })
  }
  return manifest
}

function manifestMessage(manifest: Manifest, bytes: Uint8Array) {
  return { dataset: datasetIdOf(manifest), version: BigInt(manifest.version), manifestHash: hashManifest(bytes) }
}

/** Signs as a node's operator that the node serves a dataset in these roles. */
export async function signNodeAcceptance({
  node,
  dataset,
  signer,
  deployment,
}: {
  node: Pick<ManifestNode, 'peerId' | 'roles'>
  dataset: Hex
  signer: Signer
  deployment: Deployment
}): Promise<ManifestNode> {
  const { peerId, roles } = node
  const acceptance = await signer.signTypedData(typedDataOf('NodeAcceptance', { dataset, peerId, roles }, deployment))
  return { peerId, roles, signer: signer.address.toLowerCase() as Hex, acceptance }
}

/** Whether the node's signer accepted the dataset in these roles. */
export async function verifyNodeAcceptance({
  node,
  dataset,
  deployment,
}: {
  node: ManifestNode
  dataset: Hex
  deployment: Deployment
}): Promise<boolean> {
  const { peerId, roles } = node
  const digest = hashTyped('NodeAcceptance', { dataset, peerId, roles }, deployment)
  return (await recoverSigner(digest, node.acceptance)) === node.signer
}

export type SignNodeRecordParameters = {
  record: NodeRecord
  signer: Signer
  /** Signs with the peerId's key. */
  peerSign: (message: Uint8Array) => Promise<Uint8Array>
  deployment: Deployment
}

/** Signs a node record with both keys of the node. */
export async function signNodeRecord({
  record,
  signer,
  peerSign,
  deployment,
}: SignNodeRecordParameters): Promise<SignedNodeRecord> {
  const bytes = encodeNodeRecord(record)
  const signature = await signer.signTypedData(typedDataOf('NodeRecord', nodeRecordMessage(record, bytes), deployment))
  return { record: bytes, signature, peerSignature: bytesToHex(await peerSign(peerMessage(bytes))) }
}

export type VerifyNodeRecordParameters = {
  signed: SignedNodeRecord
  deployment: Deployment
  nowSeconds: number
  /** The highest `seq` seen of this node; a lower one is `node-record-stale`. */
  lowestSeq?: number | undefined
}

/** Checks both signatures, expiry, key id and `seq`; throws `node-record-invalid` or `node-record-stale`. */
export async function verifyNodeRecord({
  signed,
  deployment,
  nowSeconds,
  lowestSeq = 0,
}: VerifyNodeRecordParameters): Promise<NodeRecord> {
  const record = decodeNodeRecord(signed.record)
  const lifetime = record.expiresAt - record.issuedAt
  if (lifetime > limits.nodeRecordSeconds || lifetime <= 0 || record.issuedAt > nowSeconds + limits.clockSkewSeconds) {
    throw recordInvalid('is valid for longer than a day or from the future')
  }
  if (record.expiresAt <= nowSeconds || record.seq < lowestSeq) {
    throw new MarketplaceError({
      code: 'node-record-stale',
      message: 'The node record is out of date; ask for a newer one.',
    })
  }
  if ((await keyIdOf(record.queryKey)) !== record.keyId) throw recordInvalid('names a key that has another id')
  const digest = hashTyped('NodeRecord', nodeRecordMessage(record, signed.record), deployment)
  if ((await recoverSigner(digest, signed.signature)) !== record.signer)
    throw recordInvalid('is not signed by its signer')
  if (!(await verifyPeerSignature(record.peerId, signed))) throw recordInvalid('is not signed by its peerId')
  return record
}

async function verifyPeerSignature(peerId: string, { record, peerSignature }: SignedNodeRecord): Promise<boolean> {
  try {
    const { publicKey } = peerIdFromString(peerId)
    return publicKey !== undefined && (await publicKey.verify(peerMessage(record), hexToBytes(peerSignature)))
  } catch {
    // A peerId that does not parse, or holds no key, signs nothing: the caller refuses by name.
    return false
  }
}

function nodeRecordMessage(record: NodeRecord, bytes: Uint8Array) {
  const { peerId, seq, expiresAt } = record
  return { peerId, seq: BigInt(seq), expiresAt: BigInt(expiresAt), recordHash: hashNodeRecord(bytes) }
}

function peerMessage(record: Uint8Array): Uint8Array {
  return concatBytes(utf8('enigma/node-record/v1'), hexToBytes(hashNodeRecord(record)))
}

function recordInvalid(why: string): MarketplaceError {
  return new MarketplaceError({ code: 'node-record-invalid', message: `The node record ${why}.` })
}

/** Signs a snapshot's head as the publisher. */
export async function signHead({
  head,
  signer,
  deployment,
}: {
  head: SnapshotHead
  signer: Signer
  deployment: Deployment
}): Promise<SignedHead> {
  const signature = await signer.signTypedData(typedDataOf('SnapshotHead', headMessage(head), deployment))
  return { head, publisher: signer.address.toLowerCase() as Hex, signature }
}

/** Heads that were found good: every answer from one snapshot carries the same one. */
const verifiedHeads = new Set<string>()
const maxVerifiedHeads = 256

/** Checks that `publisher`, as the chain names it, signed the head; throws `snapshot-invalid`. */
export async function verifyHead({
  signed,
  publisher,
  deployment,
}: {
  signed: SignedHead
  publisher: Hex
  deployment: Deployment
}): Promise<SnapshotHead> {
  const { head, signature } = signed
  const { dataset, seq, previousRoot, root, createdAt } = head
  const { chainId, marketplace } = deployment
  const key = [chainId, marketplace, publisher, signed.publisher, signature]
    .concat(dataset, seq, previousRoot, root, createdAt)
    .join()
  if (verifiedHeads.has(key)) return head
  const digest = hashTyped('SnapshotHead', headMessage(head), deployment)
  if (signed.publisher !== publisher || !(await isSignedBy({ digest, signature, signer: publisher }))) {
    throw new MarketplaceError({
      code: 'snapshot-invalid',
      message: 'The snapshot head is not signed by the publisher that the chain names.',
    })
  }
  if (verifiedHeads.size >= maxVerifiedHeads) verifiedHeads.clear()
  verifiedHeads.add(key)
  return head
}

function headMessage({ seq, createdAt, ...head }: SnapshotHead) {
  return { ...head, seq: BigInt(seq), createdAt: BigInt(createdAt) }
}

/** Signs a receipt as the answering node. */
export async function signReceipt({
  receipt,
  signer,
  deployment,
}: {
  receipt: Receipt
  signer: Signer
  deployment: Deployment
}): Promise<SignedReceipt> {
  const message = receiptMessage(receipt)
  const signature = await signTyped({ primaryType: 'Receipt', message, signer, deployment })
  return { receipt, signer: signer.address.toLowerCase() as Hex, signature }
}

/** Checks that `signer`, the query's audience, signed the receipt; throws `signature-invalid`. */
export async function verifyReceipt({
  signed,
  signer,
  deployment,
}: {
  signed: SignedReceipt
  signer: Hex
  deployment: Deployment
}): Promise<Receipt> {
  const digest = hashTyped('Receipt', receiptMessage(signed.receipt), deployment)
  if (signed.signer !== signer || !(await isSignedBy({ digest, signature: signed.signature, signer })))
    throw signatureInvalid('receipt')
  return signed.receipt
}

function receiptMessage({ seq, rows, issuedAt, ...receipt }: Receipt) {
  return { ...receipt, seq: BigInt(seq), rows: BigInt(rows), issuedAt: BigInt(issuedAt) }
}
