import { expect, test } from 'vitest'
import { readNamedParameters, readParameters } from './parameters.ts'

test('plain values by their JSON type, others by the type that they say', () => {
  const text = '[null, true, 7, 0.5, "BTC", {"type": "date", "value": "2026-01-31"}]'
  expect(readParameters(text)).toEqual([
    { type: 'null' },
    { type: 'boolean', value: true },
    { type: 'bigint', value: '7' },
    { type: 'double', value: 0.5 },
    { type: 'text', value: 'BTC' },
    { type: 'date', value: '2026-01-31' },
  ])
  expect(readParameters('')).toEqual([])
  expect(readNamedParameters(' ')).toEqual({})
})

test.each([
  ['[{"type": "date", "value": "today"}]', /\$1/],
  ['[1, {"sql": "1; DROP TABLE x"}]', /\$2/],
  ['[[1]]', /\$1/],
  [JSON.stringify(['x'.repeat(9000)]), /\$1/],
  [JSON.stringify(Array.from({ length: 65 }, () => 1)), /more than 64/],
  ['"text"', /JSON array/],
  ['x'.repeat(70_000), /too long/],
])('%s is refused', (text, message) => {
  expect(() => readParameters(text)).toThrow(message)
})
