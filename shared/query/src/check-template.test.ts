import type { Parameter, TemplateParameter } from '@enigma/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkTemplateParameters, countAnswers } from './check-template.ts'

const bigint = (value: string): Parameter => ({ type: 'bigint', value })
const double = (value: number): Parameter => ({ type: 'double', value })
const text = (value: string): Parameter => ({ type: 'text', value })
const date = (value: string): Parameter => ({ type: 'date', value })
const timestamp = (value: string): Parameter => ({ type: 'timestamp', value })

const range = (type: TemplateParameter['type'], min: Parameter, max: Parameter): TemplateParameter => ({
  ...{ name: 'p', type, allowed: { kind: 'range', min, max } },
})
const values = (type: TemplateParameter['type'], ...list: Parameter[]): TemplateParameter => ({
  ...{ name: 'p', type, allowed: { kind: 'values', values: list } },
})
const allows = (parameter: TemplateParameter, value: Parameter) => {
  try {
    checkTemplateParameters({ name: 't', parameters: [parameter], maxRows: 1 }, [value])
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: 'parameter-invalid' })
    return false
  }
}

test.each<[TemplateParameter, Parameter, boolean]>([
  [range('bigint', bigint('-5'), bigint('5')), bigint('-5'), true],
  [range('bigint', bigint('-5'), bigint('5')), bigint('6'), false],
  [range('bigint', bigint('2'), bigint('10')), bigint('9'), true],
  [range('bigint', bigint('9007199254740992'), bigint('9007199254740994')), bigint('9007199254740993'), true],
  [range('bigint', bigint('9007199254740993'), bigint('9007199254740993')), bigint('9007199254740992'), false],
  [range('double', double(0), double(1)), double(1), true],
  [range('double', double(0), double(1)), double(1.0000001), false],
  [range('double', double(0), double(1)), bigint('1'), false],
  [range('date', date('2020-01-31'), date('2020-02-29')), date('2020-02-29'), true],
  [range('date', date('2020-01-31'), date('2020-02-29')), date('2020-03-01'), false],
  [range('date', date('2020-01-31'), date('2020-02-29')), date('2020-02-99'), false],
  [
    range('timestamp', timestamp('2020-01-01T00:00:00Z'), timestamp('2020-01-02T00:00:00Z')),
    timestamp('2020-01-01T23:30:00-01:00'),
    false,
  ],
  [values('text', text('a'), text('b')), text('b'), true],
  [values('text', text('a'), text('b')), text('B'), false],
  [values('text', text('a')), { type: 'null' }, false],
  [values('text', text('a'), { type: 'null' }), { type: 'null' }, true],
  [values('double', double(0)), double(-0), false],
])('%j allows %j: %s', (parameter, value, isAllowed) => {
  expect(allows(parameter, value)).toBe(isAllowed)
})

test('exactly what a range of integers holds, as the engine counts', () => {
  const numbers = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n })
  fc.assert(
    fc.property(numbers, numbers, numbers, (min, max, value) => {
      const parameter = range('bigint', bigint(min.toString()), bigint(max.toString()))
      expect(allows(parameter, bigint(value.toString()))).toBe(value >= min && value <= max)
    }),
  )
})

test('no text passes that is not in the list, whatever it holds', () => {
  const parameter = values('text', text('AAPL'), text('SPX'))
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (value) => {
      expect(allows(parameter, text(value))).toBe(value === 'AAPL' || value === 'SPX')
    }),
    { numRuns: 100_000 },
  )
})

test('how many answers there are', () => {
  const count = (...parameters: TemplateParameter[]) => countAnswers({ parameters })
  expect(count()).toBe(1n)
  expect(count(values('text', text('a'), text('b')), range('bigint', bigint('1'), bigint('100')))).toBe(200n)
  expect(count(range('date', date('2020-02-28'), date('2020-03-01')))).toBe(3n)
  expect(count(range('bigint', bigint('5'), bigint('4')))).toBe(0n)
  expect(count(range('double', double(0), double(1)))).toBeUndefined()
})
