/** Which results every honest engine gives alike, and which may differ by order, rounding, clock or library. */

export type DeterminismCase = { sql: string; deterministic: boolean }

const same = [
  'SELECT label, count(*) FROM trades GROUP BY label',
  'SELECT sum(lot), min(title), max(listed) FROM products',
  'SELECT lot, count(DISTINCT label) FROM products GROUP BY ROLLUP (lot)',
  'SELECT DISTINCT label FROM trades',
  'SELECT id, price * 2, size / 2 FROM trades WHERE id < 3',
  'SELECT lot / 2, sqrt(lot) FROM products',
  `SELECT date_trunc('year', listed), count(*) FROM products GROUP BY 1`,
  'SELECT p.title, count(*) FROM trades t JOIN products p USING (label) GROUP BY p.title',
  'SELECT label FROM trades UNION SELECT label FROM products',
  'WITH x AS (SELECT label FROM products WHERE lot > 0) SELECT label, upper(label) FROM x',
  'SELECT bool_and(ok), count_if(ok) FROM trades',
  'SELECT count(*) FROM trades WHERE label IN (SELECT label FROM products)',
]

const differing = [
  'SELECT label FROM trades LIMIT 3',
  'SELECT label FROM products ORDER BY lot',
  'SELECT label FROM (SELECT label FROM products ORDER BY lot LIMIT 2)',
  'SELECT DISTINCT ON (label) id FROM trades',
  'SELECT sum(size) FROM trades',
  'SELECT avg(lot) FROM products',
  'SELECT sum(lot / 2) FROM products',
  'SELECT sum(sqrt(lot)) FROM products',
  'SELECT sum(lot * 1e-1) FROM products',
  'SELECT sum(lot::DOUBLE) FROM products',
  'SELECT sum(epoch(listed)) FROM products',
  `SELECT sum(date_part('epoch', listed)) FROM products`,
  'SELECT ln(lot + 1), exp(lot) FROM products',
  'SELECT hash(label) FROM products',
  'SELECT first(title) FROM products',
  'SELECT any_value(title), arg_max(title, lot) FROM products',
  'SELECT median(lot), approx_count_distinct(label) FROM products',
  'SELECT row_number() OVER () FROM products',
  'SELECT now()',
  'SELECT current_timestamp',
  'SELECT "CURRENT_DATE"',
  'SELECT localtimestamp',
  'SELECT today()',
  'SELECT a.label FROM products a ASOF JOIN products b ON a.listed >= b.listed',
  `SELECT listed::TIMESTAMP AT TIME ZONE 'Europe/Berlin' FROM products`,
]

/** Each query and whether its result is the same on every honest engine. */
export const determinismCases: readonly DeterminismCase[] = [
  ...same.map((sql) => ({ sql, deterministic: true })),
  ...differing.map((sql) => ({ sql, deterministic: false })),
]
