/** One value, large: that of the first row, and how it differs from the second row's. */
import { exactText, isNumericType, oneLine, scaleOf } from '@enigma/result/cell'
import type { CellValue, RowSource } from '@enigma/result/result-set'
import { make } from './dom.ts'
import type { LocalText } from './local-text.ts'

/** `column`: the place of the value. */
export function createValueView(rows: RowSource, column: number, texts: LocalText): HTMLElement {
  const { name = '', type = 'text' } = rows.columns[column] ?? {}
  const value = rows.value(0, column)
  const text = rows.rowCount === 0 ? '–' : texts.value(type, value)
  const view = make(
    'div',
    { class: 'value-view' },
    make('p', { class: 'muted' }, make('bdi', { dir: 'auto' }, oneLine(name, 80))),
    make('p', { part: 'value', class: 'value', title: exactText(type, value) }, make('bdi', { dir: 'auto' }, text)),
  )
  const change = changeOf(type, value, rows.value(1, column))
  if (change !== undefined) view.append(changeLine(change, texts))
  return view
}

/** Of two values: `share` is undefined where the earlier one is zero. */
type Change = { by: number; share: number | undefined }

/** How a number differs from an earlier one; undefined where one of them is none. */
export function changeOf(type: string, value: CellValue, before: CellValue): Change | undefined {
  const [now, then] = [toNumber(type, value), toNumber(type, before)]
  if (now === undefined || then === undefined) return undefined
  const by = now - then
  return { by, share: then === 0 ? undefined : by / Math.abs(then) }
}

function toNumber(type: string, value: CellValue): number | undefined {
  if (!isNumericType(type) || (typeof value !== 'number' && typeof value !== 'bigint')) return undefined
  const number = Number(value) / 10 ** scaleOf(type)
  return Number.isFinite(number) ? number : undefined
}

/** A sign, an arrow and a word: never by colour alone. */
function changeLine({ by, share }: Change, texts: LocalText): HTMLElement {
  const [arrow, word, kind] = by > 0 ? ['▲', 'up', 'rise'] : by < 0 ? ['▼', 'down', 'fall'] : ['■', 'unchanged', 'even']
  const amount =
    by === 0 ? '' : `${texts.number(Math.abs(by))}${share === undefined ? '' : ` (${texts.change(share)})`}`
  return make(
    'p',
    { part: 'change', class: kind },
    make('span', { 'aria-hidden': 'true' }, arrow),
    make('span', { class: 'hidden' }, word),
    ` ${amount}`,
  )
}
