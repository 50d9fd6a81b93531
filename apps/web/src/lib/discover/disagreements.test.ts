import { expect, test } from 'vitest'
import { describeDisagreements, isContradicted } from './disagreements.ts'

const relay = '12D3KooWS4UrtVc5GvuYNT2vbhMcZqgQguRvn6kWv5kU1E6J1Jpe'

test('one sentence for each relay and kind', () => {
  expect(
    describeDisagreements([
      { relay, kind: 'omitted', dataset: '0x1' },
      { relay, kind: 'omitted', dataset: '0x2' },
      { relay: `${relay}2`, kind: 'omitted', dataset: '0x1' },
      { relay, kind: 'order' },
      { relay, kind: 'false-entry', dataset: '0x3' },
    ]),
  ).toEqual([
    'Relay 12D3Ko…1Jpe left out 2 datasets that another relay showed.',
    'Relay 12D3Ko…Jpe2 left out 1 dataset that another relay showed.',
    'Relay 12D3Ko…1Jpe gave another order than the chain’s values do. This list is in the chain’s order.',
    'Relay 12D3Ko…1Jpe listed 1 dataset that the chain does not bear out. Not shown here.',
  ])
})

test('silence is no contradiction', () => {
  expect(isContradicted([{ relay, kind: 'unreachable' }])).toBe(false)
  expect(
    isContradicted([
      { relay, kind: 'unreachable' },
      { relay, kind: 'order' },
    ]),
  ).toBe(true)
})
