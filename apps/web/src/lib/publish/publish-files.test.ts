import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Papa from 'papaparse'
import { describe, expect, test } from 'vitest'
import type { PublishColumn } from './column-type.ts'
import { buildFile, fileOf, inferFile, publishFile } from './fixtures/source-file.ts'
import { RowsError } from './build-segments.ts'
import { readByEngine } from './fixtures/duckdb.ts'
import { maxFileBytes } from './limits.ts'
import { openSource } from './open-source.ts'

const typesOf = async (text: string, name = 'a.csv') =>
  (await inferFile(fileOf(name, text))).columns.map(({ type }) => type)

describe('CSV', () => {
  test('has these types', async () => {
    const text = [
      'Station ID,n,big,price,height,day,At,ok,zip,none,vast,mixed',
      'a,1,3000000000,1.50,1.5,2024-02-29,2024-01-01T00:00:00Z,true,01234,,123456789012345678901234567890,1',
      'b,-2,4,12.25,1e3,1999-12-31,2024-01-01 12:30:00.123456+02:00,FALSE,99999,,4,x',
    ].join('\n')
    const { columns, rows } = await inferFile(fileOf('stations.csv', text))
    expect(rows).toBe(2)
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'station_id text',
      'n integer',
      'big bigint',
      'price decimal(18,2)',
      'height double',
      'day date',
      'at timestamp',
      'ok boolean',
      'zip text',
      'none text',
      'vast decimal(38,0)',
      'mixed text',
    ])
    const table = await publishFile(fileOf('stations.csv', text))
    expect(table.rows[1]).toEqual([
      ...['b', -2, 4n, 1225n, 1000, 10_956, 1_704_105_000_123_456n],
      ...[false, '99999', null, 4n, 'x'],
    ])
  })

  test('any texts come back as they were, whatever the separators', async () => {
    const field = fc.string({
      unit: fc.constantFrom('a', '"', ',', ';', '\n', '\r', ' ', 'ß', '\t', '🙂'),
      maxLength: 8,
    })
    const rows = fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.constantFrom(',', ';', '\t'),
        fc.constantFrom('\n', '\r\n'),
        async (data, delimiter, newline) => {
          const text = Papa.unparse({ fields: ['one', 'two'], data }, { delimiter, newline, quotes: true })
          const source = await openSource(fileOf('a.csv', text))
          const read: unknown[][] = []
          for await (const batch of source.batches()) read.push(...batch.rows)
          expect(read).toEqual(data.map((row) => row.map((value) => (value === '' ? null : value))))
        },
      ),
      { numRuns: 300 },
    )
  })

  test('rows that lie over two pieces are read once and whole', async () => {
    const lines = Array.from({ length: 60_000 }, (_, at) => `${at},"text ""${at}"",\r\nsecond ${'é'.repeat(at % 9)}"`)
    const source = await openSource(fileOf('a.csv', `n,t\r\n${lines.join('\r\n')}\r\n`))
    let next = 0
    for await (const { rows } of source.batches()) {
      for (const [n, text] of rows) {
        expect(n).toBe(String(next))
        expect(text).toBe(`text "${next}",\r\nsecond ${'é'.repeat(next % 9)}`)
        next += 1
      }
    }
    expect(next).toBe(60_000)
  }, 30_000)

  test.each([
    ['a,b\n1,2\n3\n', 'Row 2 has 1 fields'],
    ['a,b\n1,"2\n3,4\n', 'Row 1 has a quote that is not closed'],
    ['\n', 'The first row is empty'],
    ['a,b\n', 'names columns and holds no rows'],
    [new Uint8Array([0x61, 0x0a, 0xff, 0xfe, 0x0a]), 'not text in UTF-8'],
    [new Uint8Array([0x50, 0x4b, 3, 4]), 'an Excel workbook'],
    [new Uint8Array([0x1f, 0x8b, 8]), 'packed by gzip'],
    [new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0]), 'no text and no Parquet file'],
    ['', 'The file is empty'],
  ])('%j is refused with a sentence', async (content, sentence) => {
    await expect(publishFile(fileOf('a.csv', content))).rejects.toThrow(sentence)
  })

  test('a file that is too large is refused before it is read', async () => {
    const file = { name: 'a.csv', size: maxFileBytes + 1, slice: () => expect.fail('was read') }
    await expect(openSource(file)).rejects.toThrow('use the command line')
  })

  test('each value that does not fit is named by row and column', async () => {
    const { source, columns } = await inferFile(fileOf('a.csv', 'n,day\n1,2024-01-01\nx,2024-02-30\n'))
    const wanted = columns.map((column, at): PublishColumn => ({ ...column, type: at === 0 ? 'integer' : 'date' }))
    const error = await buildFile(source, wanted).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(RowsError)
    expect((error as RowsError).problems).toEqual([
      { row: 2, column: 'n', sentence: expect.stringContaining('"x" is not a whole number') as string },
      { row: 2, column: 'day', sentence: '"2024-02-30" is not a date (YYYY-MM-DD)' },
    ])
  })

  test('a key tells rows apart: twice or empty is refused, published ones are left out', async () => {
    const { source, columns } = await inferFile(fileOf('a.csv', 'n,t\n1,a\n2,b\n'))
    const built = await buildFile(source, columns, { key: ['n'], known: new Set(['["1"]']) })
    expect({ rows: built.rows, skipped: built.skipped }).toEqual({ rows: 1, skipped: 1 })
    const twice = await inferFile(fileOf('a.csv', 'n,t\n1,a\n1,b\n,c\n'))
    const error = await buildFile(twice.source, twice.columns, { key: ['n'] }).catch((thrown: unknown) => thrown)
    expect((error as RowsError).problems.map(({ sentence }) => sentence)).toEqual([
      'has the same key as row 1',
      'has no value, and the key needs one',
    ])
  })

  test('more rows than are taken are refused', async () => {
    const { source, columns } = await inferFile(fileOf('a.csv', 'n\n1\n2\n3\n'))
    await expect(buildFile(source, columns, { maxRows: 2 })).rejects.toThrow('more than 2 rows')
    await expect(buildFile(source, columns, { maxBytes: 10 })).rejects.toThrow('is the most that is taken')
  })
})

describe('JSON', () => {
  const rows = '{"id": 9007199254740993, "x": 0.1, "at": "2024-01-01T00:00:00Z"} {"id": 2, "nested": {"a": [1]}}'
  test.each([
    ['a.json', `[\n${rows.replace('} {', '},\n{')}\n]`],
    ['a.ndjson', rows.replace('} {', '}\n{')],
    ['unnamed', rows],
  ])('%s gives exact numbers and fields that appear late', async (name, text) => {
    const { columns } = await inferFile(fileOf(name, text))
    expect(columns.map((column) => `${column.name} ${column.type}`)).toEqual([
      'id bigint',
      'x double',
      'at timestamp',
      'nested text',
    ])
    const table = await publishFile(fileOf(name, text))
    expect(table.rows).toEqual([
      [9007199254740993n, 0.1, 1_704_067_200_000_000n, null],
      [2n, null, null, '{"a":[1]}'],
    ])
  })

  test('opened anew it gives the same rows, and a column that it lacks is named', async () => {
    const file = fileOf('a.json', rows)
    const { columns } = await inferFile(file)
    const { segments } = await buildFile(await openSource(file), columns)
    const bytes = new Uint8Array(await segments[0]!.file.arrayBuffer())
    expect((await readByEngine(bytes, columns)).rows[1]).toEqual([2n, null, null, '{"a":[1]}'])
    const other = await openSource(fileOf('b.json', '{"id": 1, "x": 1.5, "at": null}'))
    await expect(buildFile(other, columns)).rejects.toThrow('no column nested')
  })

  test('digits in quotes stay text where one is no number', async () => {
    expect(await typesOf('[{"zip":"01234"},{"zip":"99999"}]', 'a.json')).toEqual(['text'])
  })

  test.each([
    ['[1, 2]', 'something else than an object where row 1'],
    ['[{"a": 1}, {"a": ', 'ends in the middle of row 2'],
    ['{"a": 1}\n{"a" 2}', 'Row 2 is not valid JSON'],
    ['[]', 'holds no objects'],
  ])('%s is refused with a sentence', async (text, sentence) => {
    await expect(publishFile(fileOf('a.json', text))).rejects.toThrow(sentence)
  })
})

describe('Parquet', () => {
  test.each(['snappy', 'zstd', 'gzip', 'lz4_raw', 'brotli', 'uncompressed'])(
    'of the engine (%s) comes back with the same types and values',
    async (codec) => {
      const directory = await mkdtemp(join(tmpdir(), 'enigma-parquet-'))
      const path = join(directory, 'a.parquet')
      const instance = await DuckDBInstance.create(':memory:')
      const connection = await instance.connect()
      await connection.run(
        `COPY (SELECT i::INTEGER AS i, (i * 3000000000)::BIGINT AS big, i / 7.0::DOUBLE AS d, (i * 1.25)::DECIMAL(9,2) AS money,
           (i * 99999999999999999999.5)::DECIMAL(38,4) AS vast, 'word ' || i AS t, i % 2 = 0 AS ok, DATE '1969-12-30' + i::INTEGER AS day,
           TIMESTAMP '1969-12-31 23:59:59.999999' + INTERVAL (i) HOUR AS at, NULL::INTEGER AS none, i::UTINYINT AS tiny,
           18446744073709551615::UBIGINT AS most FROM range(0, 200) r(i))
         TO '${path}' (FORMAT parquet, COMPRESSION ${codec}, ROW_GROUP_SIZE 64)`,
      )
      connection.closeSync()
      instance.closeSync()
      const table = await publishFile(fileOf('a.parquet', await readFile(path)))
      await rm(directory, { recursive: true })
      expect(table.types.map((type) => type.split(' ')[1])).toEqual(
        'INTEGER BIGINT DOUBLE DECIMAL(9,2) DECIMAL(38,4) VARCHAR BOOLEAN DATE TIMESTAMP INTEGER INTEGER DECIMAL(20,0)'.split(
          ' ',
        ),
      )
      expect(table.rows[3]).toEqual([
        ...[3, 9_000_000_000n, 3 / 7, 375n, 2999999999999999999985000n, 'word 3', false, 1],
        ...[10_800_000_000n - 1n, null, 3, 18446744073709551615n],
      ])
      expect(table.rows.length).toBe(200)
    },
  )

  test('lists and broken files are refused with a sentence', async () => {
    await expect(publishFile(fileOf('a.parquet', 'PAR1', new Uint8Array(100)))).rejects.toThrow('no whole Parquet file')
  })
})
