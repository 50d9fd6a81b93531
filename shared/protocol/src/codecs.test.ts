import fc from 'fast-check'
import * as v from 'valibot'
import { bytesToHex, hexToBytes } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { answerPartSchema, createAnswerPartReader, decodeAnswerPart, encodeAnswerPart } from './answer.ts'
import { encodeCbor } from './cbor.ts'
import { concatBytes } from './bytes.ts'
import {
  answerHeaderSchema,
  decodeAnswerHeader,
  decodeSealedQuery,
  encodeAnswerHeader,
  encodeSealedQuery,
  sealedQuerySchema,
} from './envelope.ts'
import { type ErrorCode, MarketplaceError } from './errors.ts'
import { arbitraryOf } from './fixtures/arbitrary-of.ts'
import { limits } from './limits.ts'
import { decodeManifest, encodeManifest } from './manifest-codec.ts'
import { manifestSchema } from './manifest.ts'
import { decodeNodeRecord, encodeNodeRecord, nodeRecordSchema } from './node-record.ts'
import {
  decodeQuery,
  decodeSignedQuery,
  encodeQuery,
  encodeSignedQuery,
  querySchema,
  signedQuerySchema,
} from './query.ts'
import { decodeSnapshot, encodeSnapshot, snapshotSchema } from './snapshot.ts'

type Codec = {
  code: ErrorCode
  maxBytes: number
  values: fc.Arbitrary<unknown>
  encode: (value: never) => Uint8Array
  decode: (bytes: Uint8Array) => unknown
}

const codecs: Record<string, Codec> = {
  manifest: {
    code: 'manifest-invalid',
    maxBytes: limits.manifestBytes,
    values: arbitraryOf(manifestSchema),
    encode: encodeManifest,
    decode: decodeManifest,
  },
  'node record': {
    code: 'node-record-invalid',
    maxBytes: limits.nodeRecordBytes,
    values: arbitraryOf(nodeRecordSchema),
    encode: encodeNodeRecord,
    decode: decodeNodeRecord,
  },
  query: {
    code: 'unreadable',
    maxBytes: limits.queryBytes,
    values: arbitraryOf(querySchema),
    encode: encodeQuery,
    decode: decodeQuery,
  },
  'signed query': {
    code: 'unreadable',
    maxBytes: limits.queryBytes,
    values: arbitraryOf(signedQuerySchema),
    encode: encodeSignedQuery,
    decode: decodeSignedQuery,
  },
  'sealed query': {
    code: 'unreadable',
    maxBytes: limits.sealedQueryBytes,
    values: arbitraryOf(sealedQuerySchema),
    encode: encodeSealedQuery,
    decode: decodeSealedQuery,
  },
  'answer header': {
    code: 'answer-invalid',
    maxBytes: 256,
    values: arbitraryOf(answerHeaderSchema),
    encode: encodeAnswerHeader,
    decode: decodeAnswerHeader,
  },
  'answer part': {
    code: 'answer-invalid',
    maxBytes: limits.batchBytes + 4096,
    values: arbitraryOf(answerPartSchema),
    encode: encodeCbor,
    decode: decodeAnswerPart,
  },
  snapshot: {
    code: 'snapshot-invalid',
    maxBytes: limits.snapshotDescriptionBytes,
    values: arbitraryOf(snapshotSchema),
    encode: encodeSnapshot,
    decode: decodeSnapshot,
  },
}

const mutations = fc.record({
  kind: fc.constantFrom('flip', 'cut', 'insert', 'append', 'splice'),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 9 }),
})

function mutate(bytes: Uint8Array, mutation: { kind: string; at: number; bytes: Uint8Array }): Uint8Array {
  if (bytes.length === 0) return mutation.bytes
  const at = Math.floor(mutation.at * bytes.length)
  const [first = 1] = mutation.bytes
  if (mutation.kind === 'flip') return bytes.with(at, (bytes[at] ?? 0) ^ (1 << (first % 8)))
  if (mutation.kind === 'cut') return bytes.subarray(0, at)
  if (mutation.kind === 'append') return concatBytes(bytes, mutation.bytes)
  const skip = mutation.kind === 'insert' ? 0 : mutation.bytes.length
  return concatBytes(bytes.subarray(0, at), mutation.bytes, bytes.subarray(at + skip))
}

/** Decodes, or returns the code of the one error that a decoder may throw. */
function attempt(codec: Codec, bytes: Uint8Array): { value: unknown } | { code: ErrorCode } {
  try {
    return { value: codec.decode(bytes) }
  } catch (error) {
    if (!(error instanceof MarketplaceError)) throw error
    return { code: error.code }
  }
}

describe.each(Object.entries(codecs))('%s', (_name, codec) => {
  const encode = (value: unknown) => codec.encode(value as never)

  test('decodes to what was encoded, from one encoding', () => {
    fc.assert(
      fc.property(codec.values, (value) => {
        const bytes = encode(value)
        const decoded = codec.decode(bytes)
        expect(decoded).toEqual(value)
        expect(bytesToHex(encode(decoded))).toBe(bytesToHex(bytes))
      }),
      { numRuns: 200 },
    )
  })

  test('changed bytes are refused by code, or are another value', () => {
    fc.assert(
      fc.property(codec.values, fc.array(mutations, { minLength: 1, maxLength: 3 }), (value, changes) => {
        const bytes = encode(value)
        const changed = changes.reduce(mutate, bytes)
        const result = attempt(codec, changed)
        if ('code' in result) expect(result.code).toBe(codec.code)
        else expect(bytesToHex(encode(result.value))).toBe(bytesToHex(changed))
      }),
      { numRuns: 400 },
    )
  })

  test('random bytes are refused by code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(attempt(codec, bytes)).toEqual({ code: codec.code })
      }),
      { numRuns: 400 },
    )
  })

  test('unknown fields, missing fields and oversized bytes are refused', () => {
    const [value] = fc.sample(codec.values, { seed: 7, numRuns: 1 }) as Record<string, unknown>[]
    expect(attempt(codec, encode({ ...value, more: 1 }))).toEqual({ code: codec.code })
    expect(attempt(codec, encode({}))).toEqual({ code: codec.code })
    expect(attempt(codec, new Uint8Array(codec.maxBytes + 1))).toEqual({ code: codec.code })
  })

  test('nesting without end is refused, not a stack overflow', () => {
    expect(attempt(codec, new Uint8Array(Math.min(codec.maxBytes, 100_000)).fill(0x81))).toEqual({ code: codec.code })
  })
})

test.each([
  'ff',
  '9f01ff',
  'f7',
  'f97e00',
  'f97c00',
  '1801',
  'fb3ff0000000000000',
  'a2616101616101',
  'a2616201616101',
  'c001',
  '62c328',
])('CBOR %s is not canonical and refused', (hex) => {
  expect(() => decodeManifest(hexToBytes(`0x${hex}`))).toThrow(MarketplaceError)
})

describe('parts of an answer', () => {
  const parts = fc.array(arbitraryOf(answerPartSchema), { minLength: 1, maxLength: 5 })

  test('come back whole however their bytes are cut', () => {
    fc.assert(
      fc.property(parts, fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1 }), (sent, sizes) => {
        const bytes = concatBytes(...sent.map(encodeAnswerPart))
        const reader = createAnswerPartReader()
        const got: unknown[] = []
        for (let at = 0, step = 0; at < bytes.length; step++) {
          const size = sizes[step % sizes.length]!
          got.push(...reader.push(bytes.slice(at, at + size)))
          at += size
        }
        expect(reader.pendingBytes).toBe(0)
        expect(got).toEqual(sent)
      }),
      { numRuns: 200 },
    )
  })

  test('stay as they were handed out while more bytes come', () => {
    const batch = { kind: 'batch', rows: 1, inflatedBytes: 9, arrow: new Uint8Array(3000).fill(7) } as const
    const bytes = concatBytes(...[1, 2, 3].map(() => encodeAnswerPart(batch)))
    const reader = createAnswerPartReader()
    const got = Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, at) =>
      reader.push(bytes.slice(at * 1000, at * 1000 + 1000)),
    ).flat()
    expect(got).toEqual([batch, batch, batch])
  })

  test('over the limit are refused before they arrive', () => {
    expect(() => createAnswerPartReader().push(Uint8Array.of(0xff, 0, 0, 0))).toThrow(MarketplaceError)
  })
})

test('the arbitraries know every word of the schemas', () => {
  for (const schema of [manifestSchema, snapshotSchema, querySchema]) {
    for (const value of fc.sample(arbitraryOf(schema), 20)) expect(v.safeParse(schema, value).issues).toBeUndefined()
  }
})
