/** Types of parameters in words, and how a value of each is typed. */
import type { ParameterType } from './find-parameters.ts'

export const typeTexts: Readonly<Record<ParameterType, string>> = {
  text: 'text',
  bigint: 'whole number',
  double: 'number',
  boolean: 'true or false',
  date: 'date',
  timestamp: 'time (UTC)',
  null: 'null',
}

export const typeHints: Readonly<Record<ParameterType, string>> = {
  text: '',
  bigint: '42',
  double: '12.5',
  boolean: '',
  date: '2018-02-06',
  timestamp: '2018-02-06 20:00',
  null: '',
}
