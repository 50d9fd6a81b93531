import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cliSnippet, quoteShell, sdkSnippet, type SnippetParameters } from './snippets.ts'

const query: SnippetParameters = {
  dataset: '0x6a4ed5df191cc208cb0d6ffd5784d3edd13712e9/coinbase_data',
  sql: 'SELECT * FROM candles WHERE product = $1',
  parameters: [{ type: 'text', value: "AAPL's" }],
  path: 'blind',
  isSample: true,
}

test('a program and a command ask the same', () => {
  expect(sdkSnippet(query)).toContain(`client.sample({
  dataset: '0x6a4ed5df191cc208cb0d6ffd5784d3edd13712e9/coinbase_data',
  sql: \`SELECT * FROM candles WHERE product = $1\`,
  parameters: [{"type":"text","value":"AAPL's"}],
}).collect()`)
  expect(cliSnippet(query)).toBe(
    `enigma query 0x6a4ed5df191cc208cb0d6ffd5784d3edd13712e9/coinbase_data 'SELECT * FROM candles WHERE product = $1' --param 'text:AAPL'\\''s' --sample`,
  )
  expect(cliSnippet({ ...query, isSample: false, path: 'direct' })).toContain('--path direct --key account.key')
})

test('whatever the SQL, the program holds it and nothing else', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (sql) => {
      fc.pre(!sql.includes('\r'))
      const literal = /^ {2}sql: (`[^]*`),$/m.exec(sdkSnippet({ ...query, sql, parameters: [] }))?.[1] ?? ''
      // The only code that is evaluated is the literal that is tested.
      // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
      expect(new Function(`return ${literal}`)()).toBe(sql)
    }),
  )
})

test('whatever the SQL, the shell passes it as one argument', () => {
  const texts = fc.sample(fc.string({ unit: 'grapheme' }), 60).filter((text) => !text.includes('\0'))
  const hostile = [`'; touch /tmp/x; '`, '$(id)', '`id`', '\\', '!!', '\n', "'''", ...texts]
  const printed = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${hostile.map(quoteShell).join(' ')}`]).toString()
  expect(printed.split('\0').slice(0, -1)).toEqual(hostile)
})
