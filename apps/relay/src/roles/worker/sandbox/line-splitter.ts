/** Splits a hostile byte stream into lines, refusing a line that is too long before it is put together. */
export class LineSplitter {
  readonly #maxLineBytes: number
  readonly #tooLong: (maxLineBytes: number) => Error
  #pending: Uint8Array[] = []
  #pendingBytes = 0

  /** `tooLong` makes the error for a line over the limit. */
  constructor({ maxLineBytes, tooLong }: { maxLineBytes: number; tooLong: (maxLineBytes: number) => Error }) {
    this.#maxLineBytes = maxLineBytes
    this.#tooLong = tooLong
  }

  /** Yields the lines that `chunk` completes, without their line feed; throws `tooLong()` for one over the limit. */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    let from = 0
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      this.#hold(chunk.subarray(from, at))
      yield this.#take()
      from = at + 1
    }
    this.#hold(chunk.subarray(from))
  }

  #hold(part: Uint8Array): void {
    if (this.#pendingBytes + part.length > this.#maxLineBytes) {
      throw this.#tooLong(this.#maxLineBytes)
    }
    if (part.length === 0) return
    this.#pending.push(part)
    this.#pendingBytes += part.length
  }

  #take(): Uint8Array {
    const [only] = this.#pending
    const line = this.#pending.length === 1 && only !== undefined ? only : Buffer.concat(this.#pending)
    this.#pending = []
    this.#pendingBytes = 0
    return line
  }
}
