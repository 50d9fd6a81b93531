/** Checked rows on their way to a segment: one file of JSON lines per table, bounded, in a directory of its own. */
import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { type Manifest, MarketplaceError, type Table } from '@enigma/protocol'
import { encodeRowLine } from '../../../snapshot/row-line.ts'
import type { CheckedRow } from './row-checker.ts'

/** The rows of one table: `path` holds one JSON object per line (snapshot/row-line.ts). */
export type SpooledTable = { table: string; path: string; rows: number }

export type RowSpool = {
  write(row: CheckedRow): void | Promise<void>
  /** Closes the files and tells what is in them; tables without a row are left out. */
  finish(): Promise<SpooledTable[]>
  /** Removes the directory with all that is in it. */
  discard(): Promise<void>
}

export type OpenRowSpoolParameters = {
  directory: string
  tables: Manifest['tables']
  maxBytes: number
}

/** Opens a spool in a directory that it creates; a run over `maxBytes` throws `script-flood`. */
export async function openRowSpool({ directory, tables, maxBytes }: OpenRowSpoolParameters): Promise<RowSpool> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const files = new Map<string, TableFile>()
  let bytes = 0
  return {
    write({ table, values }) {
      const file = files.get(table) ?? openFile({ directory, table, tables, files })
      const line = `${encodeRowLine(file.declared.columns, values)}\n`
      bytes += Buffer.byteLength(line)
      if (bytes > maxBytes) throw tooLarge(maxBytes)
      return file.write(line)
    },
    async finish() {
      await Promise.all([...files.values()].map((file) => file.close()))
      return [...files].map(([table, { path, rows }]) => ({ table, path, rows }))
    },
    async discard() {
      await Promise.allSettled([...files.values()].map((file) => file.close()))
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function openFile({
  directory,
  table,
  tables,
  files,
}: {
  directory: string
  table: string
  tables: Manifest['tables']
  files: Map<string, TableFile>
}): TableFile {
  const declared = tables.find(({ name }) => name === table)
  if (declared === undefined) throw new TypeError(`no table ${table}`)
  const file = new TableFile(declared, join(directory, `${table}.ndjson`))
  files.set(table, file)
  return file
}

class TableFile {
  readonly declared: Table
  readonly path: string
  readonly #stream: WriteStream
  rows = 0

  constructor(declared: Table, path: string) {
    this.declared = declared
    this.path = path
    this.#stream = createWriteStream(path, { mode: 0o600, highWaterMark: 256 * 1024 })
    this.#stream.on('error', () => undefined)
  }

  write(line: string): void | Promise<void> {
    if (this.#stream.errored !== null) throw this.#stream.errored
    this.rows += 1
    if (this.#stream.write(line)) return undefined
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    const done = (error?: Error) => (error === undefined ? resolve(undefined) : reject(error))
    this.#stream.once('drain', () => done())
    this.#stream.once('error', done)
    return promise
  }

  async close(): Promise<void> {
    if (this.#stream.closed && this.#stream.errored === null) return
    this.#stream.end()
    await finished(this.#stream)
  }
}

function tooLarge(maxBytes: number): MarketplaceError {
  return new MarketplaceError({
    code: 'script-flood',
    message: `The curation script yielded rows of more than ${maxBytes} bytes; make it yield less in one run.`,
  })
}
