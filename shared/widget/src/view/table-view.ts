/** Rows as a table: a page of them at a time, so that no long result holds the page up. */
import { exactText, isNumericType, isTimeType, oneLine } from '@enigma/result/cell'
import type { RowSource } from '@enigma/result/result-set'
import { make, makeButton } from './dom.ts'
import type { LocalText } from './local-text.ts'

const pageRows = 100
const maxNameLength = 80

export type TableParameters = {
  rows: RowSource
  texts: LocalText
  /** What the table holds, for those who do not see where it stands. */
  caption: string
}

/** A region that scrolls by keyboard, too, with the table and, where there are more rows, the way to them. */
export function createTableView(parameters: TableParameters): HTMLElement {
  const { rows, texts, caption } = parameters
  const pages = Math.max(1, Math.ceil(rows.rowCount / pageRows))
  const view = make('div', { class: 'table-view' })
  const scroll = make('div', { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: 0 })
  view.append(scroll)
  const place = make('span', { class: 'muted', role: 'status' })
  const show = (page: number) => {
    const [start, end] = [page * pageRows, Math.min(rows.rowCount, (page + 1) * pageRows)]
    scroll.replaceChildren(tableOf(parameters, start, end))
    scroll.scrollTop = 0
    place.textContent = `Rows ${texts.number(start + 1)} to ${texts.number(end)} of ${texts.number(rows.rowCount)}`
    previous.disabled = page === 0
    next.disabled = page === pages - 1
    shown = page
  }
  let shown = 0
  const previous = makeButton('Previous', () => show(shown - 1))
  const next = makeButton('Next', () => show(shown + 1))
  if (pages > 1) view.append(make('div', { class: 'pager' }, previous, place, next))
  show(0)
  return view
}

/** The rows from `start` to before `end`. */
export function tableOf({ rows, texts, caption }: TableParameters, start: number, end: number): HTMLTableElement {
  const body = make('tbody')
  for (let row = start; row < end; row++) body.append(rowOf(rows, row, texts))
  return make(
    'table',
    { part: 'table' },
    make('caption', { part: 'caption', class: 'hidden' }, caption),
    make('thead', {}, make('tr', { part: 'header' }, ...rows.columns.map(headOf))),
    body,
  )
}

function headOf({ name, type }: RowSource['columns'][number]): HTMLElement {
  const zone = isTimeType(type) ? ' (UTC)' : ''
  const attributes = {
    scope: 'col',
    part: 'cell',
    title: type + zone,
    class: isNumericType(type) ? 'number' : undefined,
  }
  return make('th', attributes, make('bdi', { dir: 'auto' }, oneLine(name, maxNameLength)))
}

function rowOf(rows: RowSource, row: number, texts: LocalText): HTMLElement {
  const cells = rows.columns.map(({ type }, column) => {
    const value = rows.value(row, column)
    const isNumber = isNumericType(type)
    const text = texts.value(type, value)
    const kind = value === null ? 'muted' : isNumber ? 'number' : undefined
    const title = isNumber || isTimeType(type) ? exactText(type, value) : undefined
    const attributes = { part: 'cell', class: kind, title: title === text ? undefined : title }
    // Each text is its own world: none of its marks of direction reaches beyond it.
    return make('td', attributes, typeof value === 'string' ? make('bdi', { dir: 'auto' }, text) : text)
  })
  return make('tr', { part: 'row' }, ...cells)
}
