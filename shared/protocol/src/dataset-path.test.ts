import fc from 'fast-check'
import { keccak256, stringToHex } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { datasetIdOf } from './dataset-id.ts'
import { formatDatasetPath, isDatasetName, parseDatasetPath } from './dataset-path.ts'
import { MarketplaceError } from './errors.ts'
import type { Hex } from './schemas.ts'

const curators = fc.stringMatching(/^0x[0-9a-f]{40}$/).map((text) => text as Hex)
const names = fc.stringMatching(/^[a-z][a-z0-9_]{2,30}$/)

describe('dataset paths', () => {
  test('come back from their text', () => {
    fc.assert(
      fc.property(curators, names, (curator, name) => {
        expect(parseDatasetPath(formatDatasetPath({ curator, name }))).toEqual({ curator, name })
      }),
    )
  })

  test('have one id whatever the case of the address, and another for another path', () => {
    fc.assert(
      fc.property(curators, names, names, (curator, name, other) => {
        const upper = parseDatasetPath(`0x${curator.slice(2).toUpperCase()}/${name}`)
        expect(datasetIdOf(upper)).toBe(datasetIdOf({ curator, name }))
        expect(datasetIdOf({ curator, name: other }) === datasetIdOf({ curator, name })).toBe(name === other)
      }),
    )
  })

  test('have the id keccak256(abi.encode(curator, name)) of the contract', () => {
    const words = ['01'.padStart(64, '0'), '40'.padStart(64, '0'), '0d'.padStart(64, '0')]
    const text = stringToHex('coinbase_data').slice(2).padEnd(64, '0')
    expect(datasetIdOf({ curator: `0x${'0'.repeat(39)}1`, name: 'coinbase_data' })).toBe(
      keccak256(`0x${[...words, text].join('')}`),
    )
  })

  test.each(['ab', 'a'.repeat(32), '1abc', '_abc', 'Abc', 'ab-c', 'ab c', 'abç', '', 'abc\n'])(
    '%j is no name',
    (name) => {
      expect(isDatasetName(name)).toBe(false)
      expect(() => parseDatasetPath(`0x${'1'.repeat(40)}/${name}`)).toThrow(MarketplaceError)
    },
  )

  test('any other text is name-invalid', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => parseDatasetPath(text)).toThrow(expect.objectContaining({ code: 'name-invalid' }))
      }),
    )
  })
})
