/** The chart of the loaded rows: what is drawn, and its points once they are read. */
import { type ChartChoice, type ChartData, readChart, suggestChart } from '@enigma/result/chart-data'
import type { RowSource } from '@enigma/result/result-set'
import { pageSlices } from '@enigma/result/page-slices'

export class ChartState {
  choice = $state.raw<ChartChoice>()
  data = $state.raw<ChartData>()
  #rows: RowSource | undefined
  #columns = ''
  #work: AbortController | undefined

  /** To be told of the rows when they are to be drawn; the reader's choice lasts while the columns stay the same. */
  async show(rows: RowSource): Promise<void> {
    if (rows === this.#rows) return
    const columns = JSON.stringify(rows.columns)
    if (columns !== this.#columns) this.choice = suggestChart(rows)
    this.#columns = columns
    this.#rows = rows
    await this.#read()
  }

  async choose(choice: ChartChoice): Promise<void> {
    this.choice = choice
    await this.#read()
  }

  async #read(): Promise<void> {
    this.#work?.abort()
    const work = new AbortController()
    this.#work = work
    this.data = undefined
    const { choice } = this
    if (choice === undefined || this.#rows === undefined) return
    try {
      const data = await readChart({ rows: this.#rows, choice, slices: pageSlices(work.signal) })
      if (!work.signal.aborted) this.data = data
    } catch (error) {
      if (!work.signal.aborted) throw error
    }
  }
}
