/** Verified rows as the view that the page wants; behind every chart stands a table. */
import { readChart } from '@enigma/result/chart-data'
import { pageSlices } from '@enigma/result/page-slices'
import type { Answer } from '../client/receive.ts'
import type { WidgetLook } from '../core/options.ts'
import { createChartView } from './chart-view.ts'
import { chooseChart, chooseValue } from './choose-chart.ts'
import { make } from './dom.ts'
import type { LocalText } from './local-text.ts'
import { createTableView, tableOf } from './table-view.ts'
import { createValueView } from './value-view.ts'

/** Rows of the table that only screen readers see. */
const hiddenRows = 200

export type ShowAnswerParameters = {
  answer: Pick<Answer, 'rows'>
  look: WidgetLook
  texts: LocalText
  /** Whether the reader wants the table in place of the chart. */
  isTable: boolean
  caption: string
  say: (text: string) => void
}

/** `end`: to be called when another view takes its place. */
export type AnswerView = { element: HTMLElement; end: () => void }

/** Makes the view; throws `setting-invalid` where the page names columns that are not there. */
export async function showAnswer(parameters: ShowAnswerParameters): Promise<AnswerView> {
  const { answer, look, texts, isTable, caption, say } = parameters
  const { rows } = answer
  if (look.view === 'table' || isTable) return still(createTableView({ rows, texts, caption }))
  if (look.view === 'value') return still(createValueView(rows, chooseValue(look, rows), texts))
  const data = await readChart({ rows, choice: chooseChart(look, rows), slices: pageSlices() })
  const chart = createChartView({ data, view: look.view, texts, say })
  const shown = Math.min(hiddenRows, rows.rowCount)
  const notes =
    look.view === 'sparkline' ? [] : data.notes.map((note) => make('p', { class: 'muted chart-note' }, note))
  const table = make('div', { class: 'hidden' }, tableOf({ rows, texts, caption }, 0, shown))
  chart.element.append(...notes, table)
  return chart
}

function still(element: HTMLElement): AnswerView {
  return { element, end: () => undefined }
}
