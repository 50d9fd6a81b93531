/** How the loaded rows are looked at: their order, what their columns hold, and the files made of them. */
import { type CellRange, tsvPieces } from '@enigma/result/csv'
import { type FileFormat, fileNameOf } from '@enigma/result/file-formats'
import { exportRows } from '#lib/export/export-rows.ts'
import type { ShownError } from '#lib/format/shown-error.ts'
import { reorder, type RowSource } from '@enigma/result/result-set'
import { type SortDirection, sortRows } from '#lib/result/sort-rows.ts'
import { type ColumnSummary, summarizeColumn } from '#lib/result/summarize-column.ts'
import { announcer } from '../announcer.svelte.ts'
import { saveFile } from '@enigma/result/save-file'
import { toShownError } from '../to-shown-error.ts'
import { pageSlices } from '@enigma/result/page-slices'

export type Sorting = { column: number; direction: SortDirection }

/** A copy must fit a clipboard: beyond it a file is the better way. */
const maxCopiedCells = 2_000_000

export class ResultViewState {
  sorting = $state.raw<Sorting>()
  isSorting = $state(false)
  /** One for each column, as far as they were computed. */
  summaries = $state.raw<readonly ColumnSummary[]>([])
  exporting = $state.raw<FileFormat>()
  error = $state.raw<ShownError>()
  #source = $state.raw<RowSource>()
  #order = $state.raw<Uint32Array>()
  #work: AbortController | undefined
  #sort: AbortController | undefined

  /** The rows in the order in which they are shown. */
  readonly rows: RowSource | undefined = $derived(
    this.#source === undefined || this.#order === undefined ? this.#source : reorder(this.#source, this.#order),
  )

  /** To be told of the rows whenever they change; an order of earlier rows ends with them. */
  show(rows: RowSource | undefined): void {
    if (rows === this.#source) return
    this.#work?.abort()
    this.#sort?.abort()
    this.#source = rows
    this.#order = undefined
    this.sorting = undefined
    this.isSorting = false
    this.summaries = []
    this.error = undefined
  }

  /** Computes what each column holds, one after the other. */
  async summarize(): Promise<void> {
    const rows = this.#source
    if (rows === undefined || this.summaries.length > 0) return
    const work = new AbortController()
    this.#work?.abort()
    this.#work = work
    const summaries: ColumnSummary[] = []
    await unlessLeft(work.signal, async () => {
      const slices = pageSlices(work.signal)
      for (let column = 0; column < rows.columns.length; column++) {
        summaries.push(await summarizeColumn({ rows, column, slices }))
        this.summaries = [...summaries]
      }
    })
  }

  /** Ascending, descending, then as the query gave them. */
  async sortBy(column: number): Promise<void> {
    const rows = this.#source
    if (rows === undefined) return
    const sorting = nextSorting(this.sorting, column)
    this.#sort?.abort()
    const sort = new AbortController()
    this.#sort = sort
    this.sorting = sorting
    if (sorting === undefined) {
      this.#order = undefined
      this.isSorting = false
      announcer.say('In the order of the query.')
      return
    }
    this.isSorting = true
    await unlessLeft(sort.signal, async () => {
      this.#order = await sortRows({ rows, ...sorting, slices: pageSlices(sort.signal) })
      this.isSorting = false
      announcer.say(`The loaded rows are sorted by ${rows.columns[column]?.name ?? ''}, ${sorting.direction}.`)
    })
  }

  /** Writes the rows to a file and hands it to the browser. */
  async save(format: FileFormat, { dataset, seq }: { dataset: string; seq: number | undefined }): Promise<void> {
    const rows = this.rows
    if (rows === undefined || this.exporting !== undefined) return
    this.exporting = format
    this.error = undefined
    try {
      const blob = await exportRows({ rows, format, slices: pageSlices() })
      const name = fileNameOf({ dataset, seq, format, atMs: Date.now() })
      saveFile(blob, name)
      announcer.say(`${name} is saved.`)
    } catch (error) {
      this.error = toShownError(error)
    } finally {
      this.exporting = undefined
    }
  }

  /** Copies cells as tab-separated text, inert in spreadsheets. */
  async copy(range: CellRange, { withHeader = false }: { withHeader?: boolean } = {}): Promise<void> {
    const rows = this.rows
    if (rows === undefined) return
    const count = (range.rowEnd - range.rowStart + 1) * (range.columnEnd - range.columnStart + 1)
    this.error = undefined
    if (count > maxCopiedCells) {
      this.error = {
        message: `A copy holds at most ${maxCopiedCells.toLocaleString('en')} cells; export a file instead.`,
      }
      return
    }
    try {
      await writeClipboard(tsvText(rows, range, withHeader))
      announcer.say(count === 1 ? 'Cell copied.' : `${count.toLocaleString('en')} cells copied.`)
    } catch (error) {
      const { message } = toShownError(error)
      this.error = { message: 'The browser did not allow to copy; export a file instead.', details: message }
    }
  }
}

function nextSorting(current: Sorting | undefined, column: number): Sorting | undefined {
  if (current?.column !== column) return { column, direction: 'ascending' }
  return current.direction === 'ascending' ? { column, direction: 'descending' } : undefined
}

/** Work that is left for other work has no result and no error. */
async function unlessLeft(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

async function tsvText(rows: RowSource, range: CellRange, withHeader: boolean): Promise<Blob> {
  const slices = pageSlices()
  const parts: string[] = []
  for (const piece of tsvPieces(rows, range, { withHeader })) {
    parts.push(piece)
    if (slices.isDue()) await slices.pause()
  }
  return new Blob(parts, { type: 'text/plain' })
}

/** The browser takes a promise, so that it still knows of the key press when a long text is ready. */
async function writeClipboard(text: Promise<Blob>): Promise<void> {
  if (typeof ClipboardItem === 'function') await navigator.clipboard.write([new ClipboardItem({ 'text/plain': text })])
  else await navigator.clipboard.writeText(await (await text).text())
}
