/**
 * Signatures of those who sign often (ECDSA over secp256k1, SEC 1 §4.1.4; recovery ids as in EIP-2). The first signature
 * of an account recovers its public key; from the second on a table of that key's multiples answers in a third of the
 * time. The verdict is that of recovery for every signature: same r, same parity, low s.
 */
import type { Hex } from '@enigma/protocol'
import { publicKeyToAddress } from 'viem/utils'
import { readSignature, recoverPublicKey, type SignatureParts } from './recover-signer.ts'

type Arithmetic = Awaited<ReturnType<typeof loadArithmetic>>
type Point = InstanceType<Arithmetic['curve']['ProjectivePoint']>
type KnownSigner = { key: Point; hasTable: boolean }

/** Accounts whose keys are kept; a table takes about 100 kB. */
const maxKnown = 32
/** Bits of a table's window: wider ones take longer to make than they save. */
const windowBits = 4
/** Of this module, so that every client in a process shares it; what is in it follows from signatures alone. */
const known = new Map<Hex, KnownSigner>()

/** Whether `signer`, an address in lower case, made the signature over the digest. Never throws for bad signatures. */
export async function isSignedBy({
  digest,
  signature,
  signer,
}: {
  digest: Hex
  signature: Hex
  signer: Hex
}): Promise<boolean> {
  const parts = readSignature(signature)
  if (parts === undefined) return false
  arithmetic ??= loadArithmetic()
  const loaded = await arithmetic
  const entry = known.get(signer)
  if (entry !== undefined) return hasSigned({ ...loaded, entry, digest: BigInt(digest), ...parts })
  const publicKey = await recoverPublicKey(digest, signature)
  if (publicKey === undefined || publicKeyToAddress(publicKey).toLowerCase() !== signer) return false
  remember(signer, loaded.curve.ProjectivePoint.fromHex(publicKey.slice(2)))
  return true
}

function remember(signer: Hex, key: Point): void {
  const [oldest] = known.keys()
  if (known.size >= maxKnown && oldest !== undefined) known.delete(oldest)
  known.set(signer, { key, hasTable: false })
}

let arithmetic: Promise<Arithmetic> | undefined

/** Loaded with the first signature, as viem does: a page that checks none does not fetch it. */
async function loadArithmetic() {
  const [{ secp256k1: curve }, { invert }] = await Promise.all([
    import('@noble/curves/secp256k1'),
    import('@noble/curves/abstract/modular'),
  ])
  return { curve, invert }
}

type HasSignedParameters = SignatureParts & Arithmetic & { entry: KnownSigner; digest: bigint }

/** R = (z ⁄ s)·G + (r ⁄ s)·Q must be the very point that r and the parity name. */
function hasSigned({ curve, invert, entry, digest, r, s, parity }: HasSignedParameters): boolean {
  const { ProjectivePoint, CURVE } = curve
  if (!entry.hasTable) curve.utils.precompute(windowBits, entry.key)
  entry.hasTable = true
  const inverse = invert(s, CURVE.n)
  const z = (digest * inverse) % CURVE.n
  const q = entry.key.multiply((r * inverse) % CURVE.n)
  const point = z === 0n ? q : q.add(ProjectivePoint.BASE.multiply(z))
  if (point.equals(ProjectivePoint.ZERO)) return false
  const { x, y } = point.toAffine()
  return x === r && y % 2n === BigInt(parity)
}
