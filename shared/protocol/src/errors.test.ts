import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  chainCodes,
  clientCodes,
  type ErrorCode,
  errorCodes,
  errorToRefusal,
  MarketplaceError,
  queryCodes,
  recordCodes,
  refusalToError,
  scriptCodes,
  transportCodes,
} from './errors.ts'

const groups = { transportCodes, queryCodes, recordCodes, chainCodes, scriptCodes, clientCodes }

describe('error codes', () => {
  test('are a closed union: each in one group, each group in the union', () => {
    expectTypeOf<(typeof groups)[keyof typeof groups][number]>().toEqualTypeOf<ErrorCode>()
    expect(new Set(errorCodes).size).toBe(errorCodes.length)
    expect(Object.values(groups).flat().toSorted()).toEqual([...errorCodes].toSorted())
  })

  test.each(errorCodes)('%s is kebab-case and crosses the wire as itself', (code) => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/)
    const error = new MarketplaceError({ code, message: 'What happened; what to do.', details: 'where' })
    const arrived = refusalToError(errorToRefusal(error, 'engine-failed'))
    expect(arrived).toEqual(error)
    expect(arrived.docsPath).toBe(`docs/errors.md#${code}`)
    expect(arrived.message).toBe('What happened; what to do.\nDetails: where')
  })
})

describe('refusals', () => {
  test('of foreign errors hold nothing of their text', () => {
    const refusal = errorToRefusal(new Error('/home/operator/secret.key'), 'engine-failed')
    expect(refusal.code).toBe('engine-failed')
    expect(JSON.stringify(refusal)).not.toContain('secret')
  })

  test('are bounded, and without details where there are none', () => {
    const long = new MarketplaceError({ code: 'too-large', message: 'm'.repeat(5000), details: 'd'.repeat(5000) })
    const refusal = errorToRefusal(long, 'engine-failed')
    expect([refusal.message.length, refusal.details?.length]).toEqual([1000, 1000])
    expect(errorToRefusal(new MarketplaceError({ code: 'busy', message: 'm' }), 'engine-failed')).toEqual({
      code: 'busy',
      message: 'm',
    })
  })
})

test('walk finds a cause, or the deepest one', () => {
  const deepest = new TypeError('deepest')
  const middle = new Error('middle', { cause: deepest })
  const error = new MarketplaceError({ code: 'busy', message: 'm', cause: middle })
  expect(error.walk()).toBe(deepest)
  expect(error.walk((one) => one === middle)).toBe(middle)
  expect(error.walk((one) => one === error)).toBe(error)
  expect(new MarketplaceError({ code: 'busy', message: 'm' }).walk()).toBeInstanceOf(MarketplaceError)
})
