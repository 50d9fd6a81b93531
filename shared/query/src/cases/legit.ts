/** What real askers send: every one must run. Written for the tables of `caseTables`. */
import type { Parameter, ResultColumn } from '@enigma/protocol'

/** Tables that attacks and legitimate queries are written for. */
export const caseTables: readonly { name: string; columns: readonly ResultColumn[] }[] = [
  {
    name: 'trades',
    columns: [
      { name: 'id', type: 'bigint' },
      { name: 'label', type: 'text' },
      { name: 'price', type: 'decimal(18,4)' },
      { name: 'size', type: 'double' },
      { name: 'day', type: 'date' },
      { name: 'moment', type: 'timestamp' },
      { name: 'ok', type: 'boolean' },
    ],
  },
  {
    name: 'products',
    columns: [
      { name: 'label', type: 'text' },
      { name: 'title', type: 'text' },
      { name: 'lot', type: 'integer' },
      { name: 'listed', type: 'date' },
    ],
  },
]

export type LegitCase = { sql: string; parameters?: readonly Parameter[] }

const plain = [
  'SELECT 1',
  'SELECT * FROM trades LIMIT 10',
  'FROM trades LIMIT 10',
  'FROM trades SELECT id, label WHERE ok LIMIT 5',
  'TABLE products',
  'SELECT count(*) FROM trades;',
  '-- how many\nSELECT count(*) /* all */ FROM trades',
  'SELECT * EXCLUDE (size, ok) FROM trades LIMIT 1',
  'SELECT * REPLACE (round(price, 2) AS price) FROM trades LIMIT 1',
  'SELECT t.* FROM trades t WHERE t.id < 3',
  'SELECT "id", "Trades"."label" FROM "Trades" WHERE id < 3',
  'SELECT DISTINCT label FROM trades',
  'SELECT DISTINCT ON (label) label, price FROM trades ORDER BY label, moment DESC',
  'SELECT label, count(*) AS n FROM trades GROUP BY label ORDER BY n DESC, label',
  'SELECT label, ok, count(*) FROM trades GROUP BY ALL ORDER BY ALL',
  'SELECT label, ok, count(*) FROM trades GROUP BY ROLLUP (label, ok)',
  'SELECT label, ok, count(*) FROM trades GROUP BY CUBE (label, ok)',
  'SELECT label, ok, count(*) FROM trades GROUP BY GROUPING SETS ((label), (ok), ())',
  'SELECT label, avg(price) FROM trades GROUP BY 1 HAVING count(*) > 2 ORDER BY 2 DESC NULLS LAST',
  'SELECT count(*) FILTER (WHERE ok) AS good, count(*) FILTER (WHERE NOT ok) AS bad FROM trades',
  'SELECT count(DISTINCT label), min(moment), max(moment) FROM trades',
  'SELECT median(price), quantile_cont(size, 0.95), quantile_disc(price, 0.5), mode(label) FROM trades',
  'SELECT quantile_cont(size, [0.25, 0.5, 0.75]) FROM trades',
  'SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY size) FROM trades',
  'SELECT stddev(size), var_samp(size), corr(size, id), regr_slope(size, id) FROM trades',
  'SELECT approx_count_distinct(label), approx_quantile(size, 0.5) FROM trades',
  'SELECT arg_max(label, price), arg_min(id, moment), first(id ORDER BY moment), any_value(label) FROM trades',
  'SELECT bool_and(ok), bool_or(ok), sum(price), product(1.0001) FROM trades WHERE id < 20',
]

const times = [
  `SELECT date_trunc('hour', moment) AS hour, count(*) FROM trades GROUP BY hour ORDER BY hour`,
  `SELECT time_bucket(INTERVAL '15 minutes', moment) AS slot, first(price ORDER BY moment) AS open, max(price) AS high,
     min(price) AS low, last(price ORDER BY moment) AS close, sum(size) AS volume
   FROM trades WHERE label = 'label-1' GROUP BY slot ORDER BY slot`,
  `SELECT count(*) FROM trades WHERE moment >= TIMESTAMP '1970-01-01 00:00:10' AND moment < TIMESTAMP '1970-01-02'`,
  `SELECT count(*) FROM trades WHERE moment > (SELECT max(moment) FROM trades) - INTERVAL 1 DAY`,
  `SELECT count(*) FROM trades WHERE moment > (SELECT max(moment) FROM trades) - INTERVAL '2 hours 30 minutes'`,
  `SELECT moment + INTERVAL 7 DAYS, moment - INTERVAL 1 MONTH, day + INTERVAL (id % 3) HOUR, moment + to_days(1) FROM trades LIMIT 1`,
  `SELECT extract(year FROM moment), extract(dow FROM day), date_part('hour', moment), year(day), month(day), dayname(day)
   FROM trades LIMIT 1`,
  `SELECT strftime(moment, '%Y-%m-%d %H:%M'), strptime('2024-01-02', '%Y-%m-%d'), epoch(moment), epoch_ms(moment) FROM trades LIMIT 1`,
  `SELECT day, day - DATE '1970-01-01' AS days, date_diff('day', DATE '1970-01-01', day), last_day(day) FROM trades LIMIT 1`,
  `SELECT make_date(2024, 2, 29), make_timestamp(2024, 2, 29, 1, 2, 3), to_timestamp(0), age(TIMESTAMP '2024-01-01')`,
  `SELECT count(*) FROM trades WHERE moment::DATE = DATE '1970-01-01' AND moment < now() AND day <= current_date`,
  `SELECT TIME '12:00:00', CAST('2024-01-01' AS DATE), TRY_CAST('x' AS INTEGER)`,
]

const windows = [
  'SELECT id, price - lag(price) OVER (PARTITION BY label ORDER BY moment) AS change FROM trades LIMIT 10',
  'SELECT id, avg(price) OVER (ORDER BY moment ROWS BETWEEN 9 PRECEDING AND CURRENT ROW) FROM trades LIMIT 10',
  `SELECT id, sum(size) OVER (ORDER BY moment RANGE BETWEEN INTERVAL 1 MINUTE PRECEDING AND CURRENT ROW) FROM trades LIMIT 5`,
  'SELECT id, rank() OVER w, dense_rank() OVER w, ntile(4) OVER w FROM trades WINDOW w AS (ORDER BY price) LIMIT 5',
  'SELECT * FROM trades QUALIFY row_number() OVER (PARTITION BY label ORDER BY moment DESC) = 1',
  'SELECT label, sum(sum(size)) OVER (ORDER BY label) FROM trades GROUP BY label',
  `SELECT id, first_value(price) OVER (PARTITION BY label ORDER BY moment), last_value(price IGNORE NULLS) OVER (ORDER BY id),
     lead(price, 1, 0) OVER (ORDER BY id), cume_dist() OVER (ORDER BY id) FROM trades WHERE id < 10`,
  'SELECT label, count(*) * 100.0 / sum(count(*)) OVER () AS share FROM trades GROUP BY label',
]

const expressions = [
  `SELECT CASE WHEN price > 100 THEN 'high' WHEN price > 10 THEN 'middle' ELSE 'low' END AS band, count(*)
   FROM trades GROUP BY band`,
  `SELECT CASE label WHEN 'label-0' THEN 0 ELSE 1 END, if(ok, 1, 0), coalesce(label, '-'), nullif(id, 0) FROM trades LIMIT 2`,
  `SELECT upper(label), length(label), substring(label, 1, 3), replace(label, '-', '_'), trim(label), label || '!',
     split_part(label, '-', 2), concat_ws('/', label, label), left(label, 2), starts_with(label, 'l') FROM trades LIMIT 2`,
  `SELECT count(*) FROM trades WHERE label LIKE 'label-%' AND label NOT ILIKE '%X%' AND regexp_matches(label, '[0-3]$')`,
  `SELECT count(*) FROM trades WHERE label SIMILAR TO 'label-[01]' OR contains(label, '4')`,
  `SELECT count(*) FROM trades WHERE id BETWEEN 5 AND 10 AND label IN ('label-1', 'label-2') AND size IS NOT NULL`,
  'SELECT count(*) FROM trades WHERE ok IS TRUE AND size IS DISTINCT FROM 1 AND NOT (id = 3 OR id <> 4)',
  'SELECT abs(-1), round(1.234, 2), floor(1.5), ceil(1.5), 7 // 2, 7 % 2, 2 ^ 3, sqrt(4), ln(2), greatest(1, 2), sign(-3)',
  `SELECT id::VARCHAR, price::DOUBLE, CAST(size AS DECIMAL(18, 2)), id::INTEGER & 3, '1'::UTINYINT FROM trades LIMIT 1`,
  'SELECT id AS "order", label AS "Ünï čödé 🙂" FROM trades LIMIT 1',
  `SELECT * LIKE 'i%' FROM trades LIMIT 1`,
  `SELECT regexp_replace(label, '[0-9]+', '#'), position('-' IN label), trim(BOTH ' ' FROM label) FROM trades LIMIT 1`,
  'SELECT main.upper(label), trades.label, id & 1, id | 1, xor(id::INTEGER, 1), id << 1 FROM trades LIMIT 1',
  `SELECT moment AT TIME ZONE 'Europe/Berlin', current_timestamp > moment FROM trades LIMIT 1`,
  'SELECT count_if(ok), grouping(label) FROM trades GROUP BY ROLLUP (label)',
  `SELECT id FROM trades WHERE id IN (${Array.from({ length: 3000 }, (_, at) => at).join(',')}) LIMIT 1`,
  `SELECT 'it''s; -- /* not a comment */', 'x' AS "a;b"`,
]

const combined = [
  'SELECT count(*) FROM trades WHERE label IN (SELECT label FROM products WHERE lot > 1)',
  'SELECT count(*) FROM trades t WHERE EXISTS (SELECT 1 FROM products p WHERE p.label = t.label AND p.lot > 1)',
  'SELECT count(*) FROM trades t WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.label = t.label)',
  'SELECT id, (SELECT title FROM products p WHERE p.label = t.label) FROM trades t WHERE id < 5',
  'SELECT count(*) FROM trades WHERE size > ALL (SELECT lot FROM products)',
  'SELECT t.id, p.title FROM trades t JOIN products p ON p.label = t.label WHERE t.id < 5',
  'SELECT id, title FROM trades LEFT JOIN products USING (label) WHERE id < 5',
  'SELECT p.label, count(t.id) FROM products p LEFT JOIN trades t ON t.label = p.label AND t.ok GROUP BY p.label',
  'SELECT count(*) FROM trades t RIGHT JOIN products p ON p.label = t.label',
  'SELECT count(*) FROM trades t FULL JOIN products p ON p.label = t.label',
  'SELECT count(*) FROM trades SEMI JOIN products USING (label)',
  'SELECT count(*) FROM trades ANTI JOIN products USING (label)',
  `SELECT a.id, b.id FROM trades a ASOF JOIN trades b ON a.label = b.label AND a.moment > b.moment WHERE a.id < 10`,
  'SELECT label FROM trades UNION SELECT label FROM products',
  'SELECT label FROM trades INTERSECT SELECT label FROM products',
  'SELECT label FROM products EXCEPT SELECT label FROM trades ORDER BY 1',
  '(SELECT id FROM trades ORDER BY id LIMIT 3) UNION ALL (SELECT id FROM trades ORDER BY id DESC LIMIT 3)',
  'WITH daily AS (SELECT day, count(*) AS n FROM trades GROUP BY day) SELECT max(n), avg(n) FROM daily',
  `WITH a AS (SELECT label, max(moment) AS newest FROM trades GROUP BY label), b AS (SELECT * FROM a WHERE label <> 'label-0')
   SELECT b.label, t.price FROM b JOIN trades t ON t.label = b.label AND t.moment = b.newest`,
  'WITH x AS MATERIALIZED (SELECT id FROM trades WHERE ok) SELECT count(*) FROM x a JOIN x b USING (id)',
  'WITH x(a, b) AS (SELECT id, label FROM trades) SELECT a, b FROM x WHERE a = 1',
  'SELECT * FROM (WITH inner_one AS (SELECT 1 AS n) SELECT n FROM inner_one) s',
  'SELECT (WITH one AS (SELECT 1 AS n) SELECT n FROM one), (WITH one AS (SELECT 2 AS n) SELECT n FROM one)',
  'SELECT label, n FROM (SELECT label, count(*) AS n FROM trades GROUP BY label) WHERE n > 1 ORDER BY n LIMIT 3 OFFSET 1',
]

const bound: readonly LegitCase[] = [
  {
    sql: 'SELECT count(*) FROM trades WHERE label = $1 AND id > $2',
    parameters: [
      { type: 'text', value: 'label-1' },
      { type: 'bigint', value: '5' },
    ],
  },
  {
    sql: 'SELECT count(*) FROM trades WHERE label = ?',
    parameters: [{ type: 'text', value: `'; DROP TABLE trades; --` }],
  },
  { sql: 'SELECT $1::DATE + INTERVAL 1 DAY', parameters: [{ type: 'date', value: '2024-01-01' }] },
  { sql: 'SELECT id FROM trades ORDER BY id LIMIT $1', parameters: [{ type: 'bigint', value: '3' }] },
]

/** Queries that run. */
export const legitCases: readonly LegitCase[] = [
  ...[...plain, ...times, ...windows, ...expressions, ...combined].map((sql) => ({ sql })),
  ...bound,
]
