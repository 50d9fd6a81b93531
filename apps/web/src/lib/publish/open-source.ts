/** Opens a file by what it holds, not by its name alone; what is too large is refused before it is read. */
import { maxFileBytes } from './limits.ts'
import { readBytes } from './read-text.ts'
import { type Source, SourceError, type SourceFile } from './source.ts'

/** Opens a CSV, JSON, NDJSON or Parquet file; throws `SourceError`. Each reader is loaded when it is needed. */
export async function openSource(file: SourceFile): Promise<Source> {
  if (file.size === 0) throw new SourceError('The file is empty; choose another one.')
  if (file.size > maxFileBytes) {
    throw new SourceError(
      `The file has ${Math.ceil(file.size / 1e6)} MB, and a page publishes at most ${Math.floor(maxFileBytes / 1e6)} MB; use the command line: enigma dataset publish.`,
    )
  }
  const head = new Uint8Array(await readBytes(file, 0, 64))
  refuseArchives(head)
  if (startsWith(head, 'PAR1')) return (await import('./read-parquet.ts')).readParquet(file)
  if (looksLikeJson(head, file.name)) return (await import('./read-json.ts')).readJson(file)
  return (await import('./read-csv.ts')).readCsv(file)
}

function refuseArchives(head: Uint8Array): void {
  if (startsWith(head, 'PK')) {
    throw new SourceError('This is an Excel workbook or a zip archive; save the sheet as CSV, or unpack it.')
  }
  if (head[0] === 0x1f && head[1] === 0x8b) throw new SourceError('This file is packed by gzip; unpack it first.')
  if (head.includes(0)) {
    if (startsWith(head, 'PAR1')) return
    throw new SourceError('This is no text and no Parquet file; choose a CSV, JSON or Parquet file.')
  }
}

function looksLikeJson(head: Uint8Array, name: string): boolean {
  if (/\.(json|ndjson|jsonl)$/i.test(name)) return true
  const first = new TextDecoder().decode(head).trimStart()[0]
  return !/\.(csv|tsv|txt)$/i.test(name) && (first === '{' || first === '[')
}

function startsWith(head: Uint8Array, text: string): boolean {
  return new TextDecoder().decode(head.subarray(0, text.length)) === text
}
