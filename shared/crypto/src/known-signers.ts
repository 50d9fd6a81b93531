/**
 * Signatures of those who sign often (ECDSA over secp256k1, SEC 1 §4.1.4; recovery ids as in EIP-2). The first signature
 * of an account recovers its public key; from the second on a table of that key's multiples answers in a third of the
 * time. The verdict is that of recovery for every signature: same r, same parity, low s.
 */
import type { Hex } from '@enigma/protocol'
import { publicKeyToAddress } from 'viem/utils'
import { loadCurve, readSignature, recoverPublicKey, type SignatureParts } from './recover-signer.ts'

type Curve = Awaited<ReturnType<typeof loadCurve>>['secp256k1']
type Point = InstanceType<Curve['Point']>
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
  const { secp256k1: curve } = await loadCurve()
  const entry = known.get(signer)
  if (entry !== undefined) return hasSigned({ curve, entry, digest: BigInt(digest), ...parts })
  const publicKey = await recoverPublicKey(digest, signature)
  if (publicKey === undefined || publicKeyToAddress(publicKey).toLowerCase() !== signer) return false
  remember(signer, curve.Point.fromHex(publicKey.slice(2)))
  return true
}

function remember(signer: Hex, key: Point): void {
  const [oldest] = known.keys()
  if (known.size >= maxKnown && oldest !== undefined) known.delete(oldest)
  known.set(signer, { key, hasTable: false })
}

type HasSignedParameters = SignatureParts & { curve: Curve; entry: KnownSigner; digest: bigint }

/** R = (z ⁄ s)·G + (r ⁄ s)·Q must be the very point that r and the parity name. */
function hasSigned({ curve: { Point }, entry, digest, r, s, parity }: HasSignedParameters): boolean {
  const { Fn } = Point
  if (!entry.hasTable) entry.key.precompute(windowBits)
  entry.hasTable = true
  const inverse = Fn.inv(s)
  const z = Fn.mul(Fn.create(digest), inverse)
  const q = entry.key.multiply(Fn.mul(Fn.create(r), inverse))
  const point = z === 0n ? q : q.add(Point.BASE.multiply(z))
  if (point.equals(Point.ZERO)) return false
  const { x, y } = point.toAffine()
  return x === r && y % 2n === BigInt(parity)
}
