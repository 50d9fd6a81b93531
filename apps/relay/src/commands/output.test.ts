import { PassThrough } from 'node:stream'
import { MarketplaceError, type Value } from '@enigma/protocol'
import { createPublicClient, http } from 'viem'
import { describe, expect, test } from 'vitest'
import { createOutput, describeError, exitCodes, formatValue } from './output.ts'

function capture(json: boolean) {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  return {
    output: createOutput({ json, stdout, stderr }),
    text: () => String(stdout.read()),
    errors: () => String(stderr.read()),
  }
}

describe('formatValue', () => {
  const cases: [Parameters<typeof formatValue>[0], Value, string][] = [
    ['integer', null, 'NULL'],
    ['boolean', true, 'true'],
    ['bigint', -9_223_372_036_854_775_808n, '-9223372036854775808'],
    ['decimal(10,2)', -5n, '-0.05'],
    ['decimal(10,0)', 7n, '7'],
    ['date', 0, '1970-01-01'],
    ['timestamp', 1_700_000_000_000_000n, '2023-11-14T22:13:20Z'],
    ['timestamp', -1n, '1969-12-31T23:59:59.999999Z'],
    ['blob', Uint8Array.of(1, 255), '0x01ff'],
  ]
  test.each(cases)('%s %s is %s', (type, value, text) => {
    expect(formatValue(type, value)).toBe(text)
  })
})

describe('createOutput', () => {
  test('prints rows as a table in which escape sequences and bidi marks are shown, not obeyed', () => {
    const { output, text } = capture(false)
    output.rows([{ name: 'name', type: 'text' }], [['\u001b[31mred\u202e']])
    expect(text()).toContain('\\u{1b}[31mred\\u{202e}')
  })

  test('prints rows as JSON that loses no digit', () => {
    const { output, text } = capture(true)
    output.rows([{ name: 'n', type: 'bigint' }], [[9_007_199_254_740_993n]])
    expect(JSON.parse(text())).toEqual({ columns: [{ name: 'n', type: 'bigint' }], rows: [['9007199254740993']] })
  })

  test('keeps progress out of standard output', () => {
    const { output, errors } = capture(true)
    output.progress('segment 1 of 3')
    expect(errors()).toBe('segment 1 of 3\n')
  })
})

describe('describeError', () => {
  test('tells settings, refusals and unreachable peers apart by exit code', () => {
    const exitCodeOf = (code: 'setting-invalid' | 'no-subscription' | 'no-relay') =>
      describeError(new MarketplaceError({ code, message: 'What to do.' }), { debug: false }).exitCode
    expect(exitCodeOf('setting-invalid')).toBe(exitCodes.usage)
    expect(exitCodeOf('no-subscription')).toBe(exitCodes.refused)
    expect(exitCodeOf('no-relay')).toBe(exitCodes.unreachable)
  })

  test('says so when the Ethereum node cannot be reached', async () => {
    const request = createPublicClient({ transport: http('http://127.0.0.1:1', { retryCount: 0 }) }).getChainId()
    const error: unknown = await request.catch((cause: unknown) => cause)
    const { exitCode, text } = describeError(error, { debug: false })
    expect(exitCode).toBe(exitCodes.unreachable)
    expect(text).toMatch(
      /^error: The Ethereum node cannot be reached; check its address .*\n.*\ncode: chain-unavailable$/,
    )
  })
})
