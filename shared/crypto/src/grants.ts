/** Grants: hashing, signing and the check that every child only narrows its parent (DESIGN §6, ERC-8395). */
import {
  abilities,
  type Deployment,
  embedRootOf,
  type Grant,
  type GrantChain,
  type GrantLimits,
  type Hex,
  isEmbedGrant,
  limits,
  MarketplaceError,
  type SignedGrant,
  zeroHash,
} from '@enigma/protocol'
import { hexToBytes } from 'viem'
import { type SessionKey, signP256, verifyP256, type VerifyP256 } from './p256.ts'
import { recoverSigner } from './recover-signer.ts'
import { hashTyped, type TypedData, typedDataOf } from './typed-data.ts'

const knownAbilities = abilities.query | abilities.embed
/** Characters of a delegate key: 65 bytes of a P-256 point, 20 bytes of an account, or none, as hex. */
const delegateKeyLength = { p256: 2 + 130, eoa: 2 + 40, open: 2 } as const

/** The EIP-712 hash of a grant. */
export function hashGrant(grant: Grant, deployment: Deployment): Hex {
  return hashTyped('Grant', grantMessage(grant), deployment)
}

/** What a wallet is asked to sign for a grant. */
export function grantTypedData(grant: Grant, deployment: Deployment): TypedData {
  return typedDataOf('Grant', grantMessage(grant), deployment)
}

/** Signs a child grant with the P-256 key that its parent delegates to. */
export async function signChildGrant({
  grant,
  parentKey,
  deployment,
}: {
  grant: Grant
  parentKey: SessionKey
  deployment: Deployment
}): Promise<SignedGrant> {
  const message = hexToBytes(hashGrant(grant, deployment))
  return { grant, signature: await signP256({ key: parentKey, message }) }
}

export type VerifyGrantChainParameters = {
  chain: GrantChain
  deployment: Deployment
  nowSeconds: number
  /** What is asked for. */
  dataset: Hex
  ability: number
  verify?: VerifyP256
  /** Whether the root grant's signature was seen valid before; told when it is. */
  isKnownSignature?: (digest: Hex, signature: Hex) => boolean
  rememberSignature?: (digest: Hex, signature: Hex) => void
  /** For smart accounts; without it only plain accounts are accepted. */
  verifyContractSignature?: VerifyContractSignature | undefined
}

/** Asks a smart account's contract whether a signature is its own (ERC-1271), bounded in gas and time. */
export type VerifyContractSignature = (parameters: { account: Hex; digest: Hex; signature: Hex }) => Promise<boolean>

/** What a verified chain allows: the tightest limits, the last delegate, and the hash of every grant, root first. */
export type VerifiedGrantChain = {
  root: Hex
  delegateKey: Hex
  limits: GrantLimits
  maxRequestSeconds: number
  grantHashes: readonly Hex[]
  last: Grant
}

/** Verifies signatures, validity and narrowing; throws `grant-invalid`, `grant-expired` or `grant-widened`. */
export async function verifyGrantChain(parameters: VerifyGrantChainParameters): Promise<VerifiedGrantChain> {
  const { chain, deployment, nowSeconds, dataset, ability } = parameters
  const [first] = chain
  const last = chain.at(-1)
  if (first === undefined || last === undefined || chain.length > limits.grantDepth)
    throw grantInvalid('has no grant or too many')
  const grantHashes: Hex[] = []
  let parent: Grant | undefined
  for (const { grant, signature } of chain) {
    checkGrant(grant, parent, grantHashes.at(-1), nowSeconds)
    if ((ability & abilities.embed) !== 0) checkEmbed(grant)
    const digest = hashGrant(grant, deployment)
    if (!(await isSigned({ ...parameters, grant, parent, digest, signature })))
      throw grantInvalid('is not signed by its grantor')
    grantHashes.push(digest)
    parent = grant
  }
  if (!permits(last.grant, dataset, ability)) throw grantInvalid('does not cover this dataset and ability')
  const { delegateKey, limits: grantLimits, maxRequestSeconds } = last.grant
  return { root: first.grant.root, delegateKey, limits: grantLimits, maxRequestSeconds, grantHashes, last: last.grant }
}

export type VerifyWalletGrantParameters = Pick<
  VerifyGrantChainParameters,
  'deployment' | 'nowSeconds' | 'verifyContractSignature'
> & { signed: SignedGrant }

/** Verifies a grant that its account's wallet signed, whatever it allows; returns its hash, throws as the chain does. */
export async function verifyWalletGrant({ signed, ...rest }: VerifyWalletGrantParameters): Promise<Hex> {
  const { grant, signature } = signed
  checkGrant(grant, undefined, undefined, rest.nowSeconds)
  if (isEmbedGrant(grant)) checkEmbed(grant)
  const digest = hashGrant(grant, rest.deployment)
  if (await isSignedByWallet({ ...rest, grant, digest, signature })) return digest
  throw grantInvalid('is not signed by its account')
}

function checkGrant(grant: Grant, parent: Grant | undefined, parentHash: Hex | undefined, nowSeconds: number): void {
  if (grant.permissions.some((permission) => (permission.abilities & ~knownAbilities) !== 0)) {
    throw grantInvalid('holds an ability that this node does not know')
  }
  if (grant.delegateKey.length !== delegateKeyLength[grant.profile]) throw grantInvalid('names a key of another kind')
  if (new Set(grant.nodes.map((node) => node.signer)).size !== grant.nodes.length) {
    throw grantInvalid('names a node twice')
  }
  if (grant.nodes.reduce((sum, { bps }) => sum + bps, 0) > 10_000) throw grantInvalid('shares more than the whole')
  if (grant.profile === 'open') checkEmbed(grant)
  if (grant.parentGrantHash !== (parentHash ?? zeroHash)) throw grantInvalid('names another parent')
  if (grant.validAfter > nowSeconds + limits.clockSkewSeconds || grant.validUntil <= nowSeconds) {
    throw new MarketplaceError({
      code: 'grant-expired',
      message: 'The grant is not valid now; sign a new one with the wallet.',
      details: `valid from ${grant.validAfter} until ${grant.validUntil}, now ${nowSeconds}`,
    })
  }
  // Any permission for free SQL makes it a session, so a second permission for templates cannot stretch it.
  const isSession = parent === undefined && grant.permissions.some(({ templatesRoot }) => templatesRoot === zeroHash)
  if (isSession && grant.validUntil - grant.validAfter > limits.grantSessionSeconds) {
    throw grantInvalid('is a session of more than 7 days')
  }
  if (grant.validUntil - grant.validAfter > limits.embedSeconds) throw grantInvalid('is for more than 30 days')
  if (parent !== undefined) {
    const field = widenedField(grant, parent)
    if (field === undefined) return
    const message = 'A child grant allows more than its parent; a grant may only narrow.'
    throw new MarketplaceError({ code: 'grant-widened', message, details: field })
  }
}

/** A grant for embeds bounds what is asked to templates, and who answers to nodes that share its budgets. */
function checkEmbed(grant: Grant): void {
  const { permissions, nodes } = grant
  if (!isEmbedGrant(grant)) throw grantInvalid('embeds and allows more than templates')
  if (permissions.some(({ templatesRoot }) => templatesRoot === zeroHash))
    throw grantInvalid('embeds without templates')
  if (nodes.length === 0) throw grantInvalid('embeds without naming nodes')
  // Relays keep revisions by such ids alone: under another one it could not be paused.
  const isRoot = grant.parentGrantHash === zeroHash
  if (isRoot && embedRootOf(grant.id) !== grant.root) throw grantInvalid('embeds by an id of another account')
}

/** The first field in which a child allows more than its parent, or undefined when it only narrows. */
export function widenedField(child: Grant, parent: Grant): string | undefined {
  const narrows: Record<
    Exclude<keyof Grant, 'delegateKey' | 'profile' | 'id' | 'revision' | 'parentGrantHash'>,
    boolean
  > = {
    root: child.root === parent.root,
    origin: originsWithin(child.origin, parent.origin),
    permissions: child.permissions.every((permission) => isWithin(permission, parent)),
    nodes: sharesWithin(child.nodes, parent.nodes),
    epoch: child.epoch === parent.epoch,
    validAfter: child.validAfter >= parent.validAfter,
    validUntil: child.validUntil <= parent.validUntil,
    maxRequestSeconds: child.maxRequestSeconds <= parent.maxRequestSeconds,
    maxChildren: child.maxChildren < parent.maxChildren,
    limits: limitsWithin(child.limits, parent.limits),
  }
  return Object.entries(narrows).find(([, isNarrower]) => !isNarrower)?.[0]
}

function isWithin(child: Grant['permissions'][number], parent: Grant): boolean {
  return parent.permissions.some(
    ({ dataset, abilities: allowed, templatesRoot }) =>
      (dataset === zeroHash || dataset === child.dataset) &&
      (child.abilities & ~allowed) === 0 &&
      (templatesRoot === zeroHash || templatesRoot === child.templatesRoot),
  )
}

function originsWithin(child: string, parent: string): boolean {
  if (parent === '') return true
  const allowed = new Set(parent.split(' '))
  return child.split(' ').every((origin) => allowed.has(origin))
}

function sharesWithin(child: Grant['nodes'], parent: Grant['nodes']): boolean {
  if (parent.length === 0) return true
  const shareOf = new Map(parent.map(({ signer, bps }) => [signer, bps]))
  return child.length > 0 && child.every(({ signer, bps }) => bps <= (shareOf.get(signer) ?? -1))
}

function limitsWithin(child: GrantLimits, parent: GrantLimits): boolean {
  return (['maxRows', 'maxBytes', 'perMinute', 'perDay', 'total'] as const).every((key) => child[key] <= parent[key])
}

function permits(grant: Grant, dataset: Hex, ability: number): boolean {
  return grant.permissions.some(
    (permission) =>
      (permission.dataset === zeroHash || permission.dataset === dataset) &&
      (permission.abilities & ability) === ability,
  )
}

type SignatureCheck = VerifyGrantChainParameters & {
  grant: Grant
  parent: Grant | undefined
  digest: Hex
  signature: Hex
}

async function isSigned(check: SignatureCheck): Promise<boolean> {
  const { digest, signature, parent, verify = verifyP256 } = check
  // Nobody holds a key that an open grant delegates to.
  if (parent?.profile === 'open') return false
  if (check.isKnownSignature?.(digest, signature) === true) return true
  const valid =
    parent === undefined
      ? await isSignedByWallet(check)
      : parent.profile === 'p256'
        ? await verify({ publicKey: parent.delegateKey, message: hexToBytes(digest), signature })
        : (await recoverSigner(digest, signature)) === parent.delegateKey
  if (valid) check.rememberSignature?.(digest, signature)
  return valid
}

async function isSignedByWallet({
  grant: { root },
  digest,
  signature,
  verifyContractSignature,
}: Pick<SignatureCheck, 'grant' | 'digest' | 'signature' | 'verifyContractSignature'>): Promise<boolean> {
  if ((await recoverSigner(digest, signature)) === root) return true
  return (await verifyContractSignature?.({ account: root, digest, signature })) ?? false
}

function grantMessage(grant: Grant) {
  const { revision, epoch, validAfter, validUntil, limits: grantLimits, ...rest } = grant
  return {
    ...rest,
    revision: BigInt(revision),
    epoch: BigInt(epoch),
    validAfter: BigInt(validAfter),
    validUntil: BigInt(validUntil),
    limits: { ...grantLimits, maxBytes: BigInt(grantLimits.maxBytes), total: BigInt(grantLimits.total) },
  }
}

function grantInvalid(why: string): MarketplaceError {
  return new MarketplaceError({ code: 'grant-invalid', message: `The grant ${why}; sign a new one with the wallet.` })
}
