import { expect, test } from 'vitest'
import { fetchWay, type Measured, toReport } from './browser-query-report.ts'
import { formatReport } from './report.ts'

const one = (way: string, rows: number, p50Ms: number, more: Partial<Measured> = {}): Measured => ({
  ...{ way, rows, p50Ms, firstMs: 1, bytes: 30 * rows, wireBytes: 10 * rows, rawMs: undefined, rawDataMs: undefined },
  ...{ transport: 'websocket', stages: {}, longestTaskMs: 0, peakBytes: 1 },
  ...more,
})
const asked = (p50Ms: number, longestTaskMs: number) => [
  ...[1, 100, 100_000, 1_000_000].map((rows) => one(fetchWay, rows, 100, { longestTaskMs: 900 })),
  ...[1, 100, 100_000].map((rows) => one('direct, WebSocket', rows, p50Ms)),
  one('direct, WebSocket', 1_000_000, 100, {
    ...{ longestTaskMs, rawMs: p50Ms < 100 ? 80 : 79, rawDataMs: 200 },
    stages: { engineMs: 20, encodeMs: 70 },
  }),
]

const machine = { loads: [0.5, 3.25], cores: 2 }

test('each goal is met at its bound', () => {
  const report = toReport(asked(99, 50), machine)
  expect(report.isMet).toBe(true)
  expect(formatReport(report)).not.toContain('✗')
})

test('each goal is missed past its bound, and what bounds the longest answer is named', () => {
  const text = formatReport(toReport(asked(126, 51), machine))
  expect(text.match(/✗/g)).toHaveLength(5)
  expect(text).toContain('Between 0.5 and 3.3 processes wanted one of 2 cores')
  expect(text).toContain(
    'the longest stage is encodeMs with 70 ms (70 % of the answer); the transport alone needs 79 ms',
  )
})
