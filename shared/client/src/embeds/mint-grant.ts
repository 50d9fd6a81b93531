/** Minted grants: a site's own server lets one visitor ask, for some minutes, below the embed that its owner signed. */
import { hashGrant, type SessionKey, signChildGrant } from '@enigma/crypto'
import { type Deployment, type Embed, type Hex, type SignedGrant } from '@enigma/protocol'
import { bytesToHex } from 'viem'

export type MintGrantParameters = {
  embed: Embed
  /** The server's key, which the embed's grant names. */
  minter: SessionKey
  /** The visitor's key: 65 bytes, as `createSessionKey` makes one. */
  visitorKey: Hex
  deployment: Deployment
  nowSeconds: number
  /** Default five minutes. */
  expiresInSeconds?: number
  /** Answers that this visitor may have in all; what the embed allows when absent. */
  total?: number
}

const defaultSeconds = 300

/** Signs a grant for one visitor; it allows no more than the embed. */
export async function mintGrant(parameters: MintGrantParameters): Promise<SignedGrant> {
  const { embed, minter, visitorKey, deployment, nowSeconds, expiresInSeconds = defaultSeconds } = parameters
  const { grant: parent } = embed.grant
  const total = Math.min(parameters.total ?? parent.limits.total, parent.limits.total)
  const grant = {
    ...parent,
    profile: 'p256' as const,
    delegateKey: visitorKey,
    id: bytesToHex(crypto.getRandomValues(new Uint8Array(32))),
    revision: 0,
    validAfter: Math.max(nowSeconds, parent.validAfter),
    validUntil: Math.min(nowSeconds + expiresInSeconds, parent.validUntil),
    maxChildren: 0,
    limits: { ...parent.limits, total },
    parentGrantHash: hashGrant(parent, deployment),
  }
  return signChildGrant({ grant, parentKey: minter, deployment })
}
