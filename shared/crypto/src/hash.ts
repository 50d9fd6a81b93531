/** SHA-256 and what queries and results hash to. */
import { concatBytes, encodeCbor, type Hex, type Parameter, utf8 } from '@enigma/protocol'
import { bytesToHex, keccak256 } from 'viem'
import { type Primitives, webPrimitives } from './primitives.ts'

/** SHA-256. */
export function sha256(bytes: Uint8Array, primitives: Primitives = webPrimitives): Promise<Uint8Array<ArrayBuffer>> {
  return primitives.sha256(bytes)
}

/** SHA-256 as hex. */
export async function sha256Hex(bytes: Uint8Array, primitives: Primitives = webPrimitives): Promise<Hex> {
  return bytesToHex(await sha256(bytes, primitives))
}

export type HashQueryParameters = {
  dataset: Hex
  sql: string
  parameters: readonly Parameter[]
  maxRows: number
  maxBytes: number
}

/** What two askers of the same question share: no nonce, no reply key, no asker. */
export function hashQuery({ dataset, sql, parameters, maxRows, maxBytes }: HashQueryParameters): Hex {
  return keccak256(
    concatBytes(utf8('enigma/query-hash/v1'), encodeCbor({ dataset, sql, parameters, maxRows, maxBytes })),
  )
}
