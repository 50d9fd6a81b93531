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
import { hashTypedData, recoverAddress } from 'viem'

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

/** One who signs typed data; a viem account fits. */
export type Signer = { address: Hex; signTypedData: (typedData: TypedData) => Promise<Hex> }

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
  return hashTypedData(typedDataOf(primaryType, message, deployment) as Parameters<typeof hashTypedData>[0])
}

/** The account that signed, in lower case; undefined when the signature is none. Low s and v of 27 or 28 only. */
export async function recoverSigner(digest: Hex, signature: Hex): Promise<Hex | undefined> {
  if (!/^0x[0-9a-f]{128}(1b|1c)$/.test(signature) || BigInt(`0x${signature.slice(66, 130)}`) > halfOrder)
    return undefined
  try {
    return (await recoverAddress({ hash: digest, signature })).toLowerCase() as Hex
  } catch {
    // r and s that are no point have no signer: the caller refuses by name.
    return undefined
  }
}

/** Half the order of secp256k1; a larger s is the same signature in other bytes (EIP-2). */
const halfOrder = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n
