/** CSV, by papaparse's parser over whole lines: a row that does not fit in a piece waits for the next one. */
import Papa from 'papaparse'
import { readText } from './read-text.ts'
import { type Cell, type Source, SourceError, type SourceFile } from './source.ts'

/** Characters of one row at most. */
const maxRowCharacters = 4 * 1024 * 1024
/** From which the separators are guessed. */
const headCharacters = 256 * 1024

type Dialect = { delimiter: string; newline: '\n' | '\r\n' | '\r' }
type Parsed = { data: string[][]; errors: { code: string; row?: number }[]; meta: { cursor: number } }

/** Opens a CSV file; its first row names the columns. */
export async function readCsv(file: SourceFile): Promise<Source> {
  const dialect = await guessDialect(file)
  const names = await readHeader(file, dialect)
  return {
    format: 'csv',
    names,
    totalBytes: file.size,
    async *batches() {
      let row = 0
      for await (const { rows, bytesRead } of rawRows(file, dialect)) {
        const batch: Cell[][] = []
        for (const fields of rows) {
          if (row++ > 0 && !isBlank(fields)) batch.push(toCells(fields, names.length, row - 1))
        }
        yield { rows: batch, bytesRead }
      }
    },
  }
}

async function guessDialect(file: SourceFile): Promise<Dialect> {
  for await (const { text } of readText(file)) {
    const { meta } = Papa.parse<string[]>(text.slice(0, headCharacters), { preview: 50 })
    const newline = meta.linebreak
    return { delimiter: meta.delimiter, newline: newline === '\r\n' || newline === '\r' ? newline : '\n' }
  }
  throw new SourceError('The file is empty; choose one with a row of column names and rows below it.')
}

async function readHeader(file: SourceFile, dialect: Dialect): Promise<string[]> {
  for await (const { rows } of rawRows(file, dialect)) {
    const [first] = rows
    if (first === undefined) continue
    if (isBlank(first)) throw new SourceError('The first row is empty; it must name the columns.')
    return first.map((name) => name.trim())
  }
  throw new SourceError('The file has no rows; its first one must name the columns.')
}

async function* rawRows(file: SourceFile, dialect: Dialect): AsyncGenerator<{ rows: string[][]; bytesRead: number }> {
  let rest = ''
  let before = 0
  for await (const { text, bytesRead } of readText(file)) {
    rest += text
    const isLast = bytesRead === file.size
    const end = isLast ? rest.length : rest.lastIndexOf(dialect.newline) + dialect.newline.length
    const whole = end < dialect.newline.length && !isLast ? '' : rest.slice(0, end)
    const { data, errors, meta } = parse(whole, dialect, isLast)
    const [error] = errors
    if (error !== undefined) throw quoteError(before + (error.row ?? data.length))
    rest = rest.slice(isLast ? rest.length : meta.cursor)
    before += data.length
    if (rest.length > maxRowCharacters) throw rowTooLong(before)
    yield { rows: data, bytesRead }
  }
}

function parse(text: string, dialect: Dialect, isLast: boolean): Parsed {
  if (text === '') return { data: [], errors: [], meta: { cursor: 0 } }
  return new Papa.Parser(dialect).parse(text, 0, !isLast) as Parsed
}

function isBlank(fields: readonly string[]): boolean {
  return fields.length === 0 || (fields.length === 1 && fields[0]?.trim() === '')
}

function toCells(fields: readonly string[], width: number, row: number): Cell[] {
  if (fields.length !== width) {
    throw new SourceError(
      `Row ${row} has ${fields.length} fields, and the first row names ${width} columns; mend the row, or put text with the separator in quotes.`,
    )
  }
  return fields.map((field) => (field === '' ? null : field))
}

function quoteError(row: number): SourceError {
  return new SourceError(`Row ${row} has a quote that is not closed or text behind a closing quote; mend it.`)
}

function rowTooLong(row: number): SourceError {
  return new SourceError(`Row ${row} is longer than 4 MB; a quote before it may not be closed.`)
}
