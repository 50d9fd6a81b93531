import { expect, test } from 'vitest'
import { formatSql } from './format-sql.ts'

test('keywords stand out, parameters and texts stay', () => {
  expect(formatSql(`select close, 'it''s' as t from candles where close > $1 order by time desc limit 5`)).toBe(
    `SELECT
  close,
  'it''s' AS t
FROM
  candles
WHERE
  close > $1
ORDER BY
  time DESC
LIMIT
  5`,
  )
})

test('what cannot be read is refused', () => {
  expect(() => formatSql('SELECT (')).toThrow()
})
