import { describe, expect, test } from 'vitest'
import { parseCount } from './context.ts'
import { parseParameter } from './query.ts'

describe('parseParameter', () => {
  test.each([
    ['null', { type: 'null' }],
    ['boolean:true', { type: 'boolean', value: true }],
    ['boolean:false', { type: 'boolean', value: false }],
    ['double:-1.5e3', { type: 'double', value: -1500 }],
    ['bigint:7', { type: 'bigint', value: '7' }],
    ['text:a:b', { type: 'text', value: 'a:b' }],
  ])('%s', (text, parameter) => expect(parseParameter(text)).toEqual(parameter))

  test.each(['boolean:yes', 'boolean:', 'boolean:TRUE', 'double:', 'double:x', 'double: ', 'bigint:1.5', 'int:1', ''])(
    '%s is refused, and not taken for something else',
    (text) => expect(() => parseParameter(text)).toThrow(/A parameter is type:value/),
  )
})

test.each(['abc', '-1', '1.5', '', '1e3'])('a count of %s is refused by its option', (text) => {
  expect(() => parseCount(text, '--max-rows')).toThrow('--max-rows is a whole number')
})
