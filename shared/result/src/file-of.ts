/** Files of results: written in slices, kept as parts of a Blob, so that a million rows do not stop the page. */
import type { Slices } from './slices.ts'

/** Texts are joined to parts of this size: a Blob of a million little parts is slow, and one of a long text blocks. */
const partLength = 256 * 1024

export type FileOfParameters = {
  pieces: Iterable<string | Uint8Array<ArrayBuffer>>
  mediaType: string
  slices: Slices
}

/** Joins pieces to one file; throws the reason of the slices' signal when it is no longer wanted. */
export async function fileOf({ pieces, mediaType, slices }: FileOfParameters): Promise<Blob> {
  const parts: BlobPart[] = []
  let text = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece
    else if (piece.length > 0) parts.push(piece)
    if (text.length > partLength) {
      // A part of its own, encoded now: all of them at the end would be one long task.
      parts.push(new Blob([text]))
      text = ''
    }
    if (slices.isDue()) await slices.pause()
  }
  if (text !== '') parts.push(text)
  return new Blob(parts, { type: mediaType })
}
