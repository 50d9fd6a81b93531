/** EIP-712 signatures of secp256k1 signers: nodes, publishers, curators, wallets. */
import {
  type Deployment,
  domainOf,
  type Grant as GrantRecord,
  type Hex,
  type NodeRole,
  type Receipt,
  type SnapshotHead,
  typedDataTypes,
} from '@enigma/protocol'
import { hashTypedData } from 'viem'
import { type FlatFields, hashFlat, isFlat } from './hash-flat-struct.ts'

type Types = typeof typedDataTypes

const { Grant, Permission, NodeShare, Limits } = typedDataTypes
const grantTypes = { Grant, Permission, NodeShare, Limits }

type Uint64<T, Keys extends keyof T> = Omit<T, Keys> & Record<Keys, bigint>

/** The messages by primary type; 64-bit integers are bigints. */
export type Messages = {
  Manifest: { dataset: Hex; version: bigint; manifestHash: Hex }
  NodeAcceptance: { dataset: Hex; peerId: string; roles: readonly NodeRole[] }
  NodeRecord: { peerId: string; seq: bigint; expiresAt: bigint; recordHash: Hex }
  SnapshotHead: Uint64<SnapshotHead, 'seq' | 'createdAt'>
  SnapshotPass: { dataset: Hex; peerId: string; expiresAt: bigint }
  Receipt: Uint64<Receipt, 'seq' | 'rows' | 'issuedAt'>
  Grant: Uint64<Omit<GrantRecord, 'limits'>, 'revision' | 'epoch' | 'validAfter' | 'validUntil'> & {
    limits: Uint64<GrantRecord['limits'], 'maxBytes' | 'total'>
  }
}
export type PrimaryType = keyof Messages

/** The parameters of `eth_signTypedData_v4`. */
export type TypedData = {
  domain: ReturnType<typeof domainOf>
  types: Partial<Types>
  primaryType: PrimaryType
  message: Record<string, unknown>
}

/** One who signs typed data; a viem account fits, and also signs digests. */
export type Signer = {
  address: Hex
  signTypedData: (typedData: TypedData) => Promise<Hex>
  sign?: ((parameters: { hash: Hex }) => Promise<Hex>) | undefined
}

/** Builds typed data that names only the types it needs, as wallets show them. */
export function typedDataOf<Primary extends PrimaryType>(
  primaryType: Primary,
  message: Messages[Primary],
  deployment: Deployment,
): TypedData {
  const types: Partial<Types> =
    primaryType === 'Grant' ? grantTypes : Object.fromEntries([[primaryType, typedDataTypes[primaryType]] as const])
  return { domain: domainOf(deployment), types, primaryType, message }
}

/** The EIP-712 digest. */
export function hashTyped<Primary extends PrimaryType>(
  primaryType: Primary,
  message: Messages[Primary],
  deployment: Deployment,
): Hex {
  const fields: FlatFields = typedDataTypes[primaryType]
  if (isFlat(fields)) return hashFlat({ primaryType, fields, message, deployment })
  return hashTypedData(typedDataOf(primaryType, message, deployment) as Parameters<typeof hashTypedData>[0])
}

/** The signature of typed data: a signer that signs digests is spared hashing it anew. */
export function signTyped<Primary extends PrimaryType>({
  primaryType,
  message,
  signer,
  deployment,
}: {
  primaryType: Primary
  message: Messages[Primary]
  signer: Signer
  deployment: Deployment
}): Promise<Hex> {
  if (signer.sign !== undefined) return signer.sign({ hash: hashTyped(primaryType, message, deployment) })
  return signer.signTypedData(typedDataOf(primaryType, message, deployment))
}
