/** A publisher's pass: its signature that a peer, known by its peerId, may fetch a dataset's snapshots for a while. */
import { type Deployment, type Hex, limits, type SnapshotPass } from '@enigma/protocol'
import { recoverSigner } from './recover-signer.ts'
import { hashTyped, type Signer, typedDataOf } from './typed-data.ts'

export type SnapshotPassTerms = {
  dataset: Hex
  /** The peer that may fetch; whoever else holds the pass cannot use it. */
  peerId: string
  deployment: Deployment
}

/** Signs a pass as the publisher; `expiresAt` in Unix seconds, at most `limits.snapshotPassSeconds` ahead. */
export async function signSnapshotPass({
  dataset,
  peerId,
  deployment,
  expiresAt,
  signer,
}: SnapshotPassTerms & { expiresAt: number; signer: Signer }): Promise<SnapshotPass> {
  const message = { dataset, peerId, expiresAt: BigInt(expiresAt) }
  return { expiresAt, signature: await signer.signTypedData(typedDataOf('SnapshotPass', message, deployment)) }
}

/** Whether `publisher`, as the chain names it, signed the pass for this peer and it still stands. */
export async function verifySnapshotPass({
  pass: { expiresAt, signature },
  dataset,
  peerId,
  deployment,
  publisher,
  nowSeconds,
}: SnapshotPassTerms & { pass: SnapshotPass; publisher: Hex; nowSeconds: number }): Promise<boolean> {
  const latest = nowSeconds + limits.snapshotPassSeconds + limits.clockSkewSeconds
  if (expiresAt <= nowSeconds || expiresAt > latest) return false
  const digest = hashTyped('SnapshotPass', { dataset, peerId, expiresAt: BigInt(expiresAt) }, deployment)
  return (await recoverSigner(digest, signature)) === publisher
}
