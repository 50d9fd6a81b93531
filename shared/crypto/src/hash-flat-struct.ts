/**
 * EIP-712 digests of types whose fields are words or strings: receipts and heads, of which every answer has one. Domain
 * and type are hashed once. Types with arrays, bytes or structs are viem's.
 */
import { concatBytes, type Deployment, domainOf, type Hex, utf8 } from '@enigma/protocol'
import { hexToBytes, keccak256, pad } from 'viem'

/** A type's fields in their order. */
export type FlatFields = readonly { readonly name: string; readonly type: string }[]

const wordBytes = 32
const prefix = Uint8Array.of(0x19, 0x01)
const domainFields: FlatFields = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
]
const domainHashes = new Map<string, Uint8Array>()
const typeHashes = new WeakMap<FlatFields, Uint8Array>()

/** Whether `hashFlat` knows every field's type. */
export function isFlat(fields: FlatFields): boolean {
  return fields.every(({ type }) => /^(bytes32|uint\d+|address|bool|string)$/.test(type))
}

/** The digest of a message of a flat type; throws a RangeError when a value does not fit its field. */
export function hashFlat({
  primaryType,
  fields,
  message,
  deployment,
}: {
  primaryType: string
  fields: FlatFields
  message: Readonly<Record<string, unknown>>
  deployment: Deployment
}): Hex {
  const structHash = hashStruct(primaryType, fields, message)
  return keccak256(concatBytes(prefix, domainHashOf(deployment), structHash))
}

function hashStruct(primaryType: string, fields: FlatFields, message: Readonly<Record<string, unknown>>): Uint8Array {
  const encoded = new Uint8Array(wordBytes * (fields.length + 1))
  encoded.set(typeHashOf(primaryType, fields))
  for (const [index, { name, type }] of fields.entries()) {
    encoded.set(wordOf(type, message[name], name), wordBytes * (index + 1))
  }
  return keccak256(encoded, 'bytes')
}

function domainHashOf(deployment: Deployment): Uint8Array {
  const key = `${deployment.chainId} ${deployment.marketplace}`
  const known = domainHashes.get(key)
  if (known !== undefined) return known
  const domain = domainOf(deployment)
  const hash = hashStruct('EIP712Domain', domainFields, { ...domain, chainId: BigInt(domain.chainId) })
  // A process has one deployment, a test some more.
  if (domainHashes.size >= 16) domainHashes.clear()
  domainHashes.set(key, hash)
  return hash
}

function typeHashOf(primaryType: string, fields: FlatFields): Uint8Array {
  const known = typeHashes.get(fields)
  if (known !== undefined) return known
  const members = fields.map(({ name, type }) => `${type} ${name}`).join(',')
  const hash = keccak256(utf8(`${primaryType}(${members})`), 'bytes')
  typeHashes.set(fields, hash)
  return hash
}

/** `encodeData` of one member: big-endian words; a string stands as its hash. */
function wordOf(type: string, value: unknown, name: string): Uint8Array {
  if (type === 'string' && typeof value === 'string') return keccak256(utf8(value), 'bytes')
  if (type === 'bytes32' && typeof value === 'string' && /^0x[0-9a-f]{64}$/i.test(value))
    return hexToBytes(value as Hex)
  if (type === 'address' && typeof value === 'string' && /^0x[0-9a-f]{40}$/i.test(value))
    return hexToBytes(pad(value as Hex))
  if (type === 'bool' && typeof value === 'boolean') return numberWord(value ? 1n : 0n)
  const bits = type.startsWith('uint') ? Number(type.slice(4)) : 0
  if (typeof value === 'bigint' && value >= 0n && value < 1n << BigInt(bits)) return numberWord(value)
  throw new RangeError(`${name} does not fit ${type}`)
}

function numberWord(value: bigint): Uint8Array {
  const word = new Uint8Array(wordBytes)
  const view = new DataView(word.buffer)
  for (let at = wordBytes - 8, rest = value; rest > 0n; at -= 8, rest >>= 64n) view.setBigUint64(at, rest)
  return word
}
