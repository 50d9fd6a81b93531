/** What every bench returns, how it is printed and where it is kept. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Table from 'cli-table3'

/** One table; cells are texts ready to print. */
export type ReportTable = { title: string; head: readonly string[]; rows: readonly (readonly string[])[] }

export type BenchReport = {
  tables: readonly ReportTable[]
  /** What a reader must know to judge the figures: sources, conditions. */
  notes: readonly string[]
  /** The figures behind the tables, as JSON. */
  figures: unknown
  /** Whether every goal was met. */
  isMet: boolean
}

type BenchParameters = {
  /** What follows the bench's name on the command line. */
  arguments: readonly string[]
  onProgress: (text: string) => void
}

export type Bench = (parameters: BenchParameters) => Promise<BenchReport>

/** The report as text for a terminal. */
export function formatReport({ tables, notes }: BenchReport): string {
  const parts = tables.map(({ title, head, rows }) => {
    const colAligns = head.map((_, index) => (index === 0 ? ('left' as const) : ('right' as const)))
    const table = new Table({ head: [...head], colAligns, style: { head: [], border: [], compact: true } })
    for (const row of rows) table.push([...row])
    return `${title}\n${table.toString()}`
  })
  return [...parts, ...notes].join('\n\n')
}

/** Writes the figures to `bench/out/<name>.json`; returns the path. */
export async function writeReport({ name, report }: { name: string; report: BenchReport }): Promise<string> {
  const directory = join(import.meta.dirname, '../out')
  const path = join(directory, `${name}.json`)
  await mkdir(directory, { recursive: true })
  const { figures, notes, isMet } = report
  await writeFile(
    path,
    `${JSON.stringify({ name, measuredAt: new Date().toISOString(), isMet, figures, notes }, null, 2)}\n`,
  )
  return path
}
