/** The text of a file, piece by piece; never the whole file at once. */
import { type SourceFile, SourceError } from './source.ts'

const pieceBytes = 1024 * 1024

/** Yields the text and how far it is read; throws `SourceError` for other bytes than UTF-8. */
export async function* readText(file: SourceFile): AsyncGenerator<{ text: string; bytesRead: number }> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for (let at = 0; at < file.size; at += pieceBytes) {
    const end = Math.min(file.size, at + pieceBytes)
    const bytes = await readBytes(file, at, end)
    yield { text: decode(decoder, bytes, end < file.size), bytesRead: end }
  }
}

/** Bytes of a file; throws `SourceError` where the file was changed, moved or taken away. */
export async function readBytes(file: SourceFile, start: number, end: number): Promise<ArrayBuffer> {
  try {
    return await file.slice(start, end).arrayBuffer()
  } catch (cause) {
    throw new SourceError('The file cannot be read any more; choose it again.', { cause })
  }
}

function decode(decoder: TextDecoder, bytes: ArrayBuffer, isMore: boolean): string {
  try {
    return decoder.decode(bytes, { stream: isMore })
  } catch (cause) {
    throw new SourceError('The file is not text in UTF-8; save it as UTF-8 and choose it again.', { cause })
  }
}
