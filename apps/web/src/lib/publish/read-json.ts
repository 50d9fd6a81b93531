/** JSON: an array of objects, or objects one after the other (NDJSON); each object is a row. */
import { readText } from './read-text.ts'
import { type Cell, NumberText, type Source, SourceError, type SourceFile } from './source.ts'

/** Characters of one object at most. */
const maxRowCharacters = 4 * 1024 * 1024
const maxColumns = 1024

/** Opens a JSON file; columns are the fields of all objects, in the order in which they first appear. */
export function readJson(file: SourceFile): Source {
  const names: string[] = []
  const places = new Map<string, number>()
  return {
    format: 'json',
    names,
    totalBytes: file.size,
    async *batches() {
      let row = 0
      for await (const { objects, bytesRead } of objectTexts(file)) {
        const rows = objects.map((text) => {
          const fields = parseObject(text, ++row)
          const cells: Cell[] = []
          for (const [name, value] of fields) cells[placeOf(name, names, places)] = value
          return Array.from(cells, (cell) => cell ?? null)
        })
        yield { rows, bytesRead }
      }
      if (row === 0) throw new SourceError('The file holds no objects; each row is one object { … }.')
    },
  }
}

function placeOf(name: string, names: string[], places: Map<string, number>): number {
  const known = places.get(name)
  if (known !== undefined) return known
  if (names.length >= maxColumns) throw new SourceError(`The objects have more than ${maxColumns} different fields.`)
  places.set(name, names.length)
  return names.push(name) - 1
}

async function* objectTexts(file: SourceFile): AsyncGenerator<{ objects: string[]; bytesRead: number }> {
  const scanner = createScanner()
  for await (const { text, bytesRead } of readText(file)) yield { objects: scanner.feed(text), bytesRead }
  scanner.end()
}

/** Cuts text into its outermost objects; what is inside them is left to `JSON.parse`. */
function createScanner() {
  let rest = ''
  let depth = 0
  let isInString = false
  let isEscaped = false
  let count = 0
  /** Where the present object begins in `text`, and what of it came before. */
  return {
    feed(text: string): string[] {
      const objects: string[] = []
      let start = 0
      for (let at = 0; at < text.length; at++) {
        const code = text.charCodeAt(at)
        if (isInString) {
          if (isEscaped) isEscaped = false
          else if (code === backslash) isEscaped = true
          else if (code === quote) isInString = false
        } else if (depth === 0) {
          if (code === openBrace) {
            depth = 1
            start = at
          } else if (!isBetween(code)) throw notRows(count + 1)
        } else if (code === quote) isInString = true
        else if (code === openBrace || code === openBracket) depth += 1
        else if (code === closeBrace || code === closeBracket) {
          depth -= 1
          if (depth > 0) continue
          objects.push(rest + text.slice(start, at + 1))
          rest = ''
          count += 1
        }
      }
      if (depth > 0) rest += text.slice(start)
      if (rest.length > maxRowCharacters) throw new SourceError(`Row ${count + 1} is longer than 4 MB.`)
      return objects
    },
    end() {
      if (depth > 0) throw new SourceError(`The file ends in the middle of row ${count + 1}; it may be cut off.`)
    },
  }
}

const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d]

/** White space, commas and the brackets of the outer array. */
function isBetween(code: number): boolean {
  return code <= 0x20 || code === 0x2c || code === openBracket || code === closeBracket || code === 0xfeff
}

function notRows(row: number): SourceError {
  return new SourceError(
    `There is something else than an object where row ${row} should be; the file must be an array of objects, or one object in each line.`,
  )
}

/** `context.source` is the number's own text, in every current engine; an older one gives the double. */
function keepNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' ? new NumberText(context?.source ?? String(value)) : value
}

function parseObject(text: string, row: number): [string, Cell][] {
  let value: object
  try {
    value = JSON.parse(text, keepNumber) as object
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.slice(0, 200) : ''
    throw new SourceError(`Row ${row} is not valid JSON: ${why}`, { cause })
  }
  return Object.entries(value).map(([name, field]) => [name, toCell(field)])
}

/** What is nested is kept as its JSON text. */
function toCell(field: unknown): Cell {
  if (field === null || typeof field === 'boolean' || typeof field === 'string') return field
  return field instanceof NumberText ? field : JSON.stringify(field)
}
