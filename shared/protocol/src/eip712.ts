/** EIP-712 domain and types of everything that a wallet, node signer or publisher signs. */
import type { Hex } from './schemas.ts'

/** The deployment that a signature is for: `chainId` and the Marketplace's address. */
export type Deployment = { chainId: number; marketplace: Hex }

/** The EIP-712 domain of a deployment. */
export function domainOf({ chainId, marketplace }: Deployment) {
  return { name: 'Enigma Data Marketplace', version: '1', chainId, verifyingContract: marketplace } as const
}

/** EIP-712 type tables by primary type; viem infers messages from them. */
export const typedDataTypes = {
  Manifest: [
    { name: 'dataset', type: 'bytes32' },
    { name: 'version', type: 'uint64' },
    { name: 'manifestHash', type: 'bytes32' },
  ],
  NodeAcceptance: [
    { name: 'dataset', type: 'bytes32' },
    { name: 'peerId', type: 'string' },
    { name: 'roles', type: 'string[]' },
  ],
  NodeRecord: [
    { name: 'peerId', type: 'string' },
    { name: 'seq', type: 'uint64' },
    { name: 'expiresAt', type: 'uint64' },
    { name: 'recordHash', type: 'bytes32' },
  ],
  SnapshotHead: [
    { name: 'dataset', type: 'bytes32' },
    { name: 'seq', type: 'uint64' },
    { name: 'previousRoot', type: 'bytes32' },
    { name: 'root', type: 'bytes32' },
    { name: 'createdAt', type: 'uint64' },
  ],
  SnapshotPass: [
    { name: 'dataset', type: 'bytes32' },
    { name: 'peerId', type: 'string' },
    { name: 'expiresAt', type: 'uint64' },
  ],
  Receipt: [
    { name: 'dataset', type: 'bytes32' },
    { name: 'snapshot', type: 'bytes32' },
    { name: 'seq', type: 'uint64' },
    { name: 'queryHash', type: 'bytes32' },
    { name: 'resultHash', type: 'bytes32' },
    { name: 'rows', type: 'uint64' },
    { name: 'manifestHash', type: 'bytes32' },
    { name: 'engineId', type: 'string' },
    { name: 'deterministic', type: 'bool' },
    { name: 'issuedAt', type: 'uint64' },
  ],
  Grant: [
    { name: 'root', type: 'address' },
    { name: 'delegateKey', type: 'bytes' },
    { name: 'profile', type: 'string' },
    { name: 'origin', type: 'string' },
    { name: 'permissions', type: 'Permission[]' },
    { name: 'nodes', type: 'NodeShare[]' },
    { name: 'id', type: 'bytes32' },
    { name: 'revision', type: 'uint64' },
    { name: 'epoch', type: 'uint64' },
    { name: 'validAfter', type: 'uint64' },
    { name: 'validUntil', type: 'uint64' },
    { name: 'maxRequestSeconds', type: 'uint32' },
    { name: 'maxChildren', type: 'uint32' },
    { name: 'limits', type: 'Limits' },
    { name: 'parentGrantHash', type: 'bytes32' },
  ],
  Permission: [
    { name: 'dataset', type: 'bytes32' },
    { name: 'abilities', type: 'uint32' },
    { name: 'templatesRoot', type: 'bytes32' },
  ],
  NodeShare: [
    { name: 'signer', type: 'address' },
    { name: 'bps', type: 'uint16' },
  ],
  Limits: [
    { name: 'maxRows', type: 'uint32' },
    { name: 'maxBytes', type: 'uint64' },
    { name: 'perMinute', type: 'uint32' },
    { name: 'perDay', type: 'uint32' },
    { name: 'total', type: 'uint64' },
  ],
} as const
