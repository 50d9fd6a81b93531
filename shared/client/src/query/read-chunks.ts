/** Reads a web stream to its end, or leaves it: by its reader, because WebKit cannot iterate over a stream. */
export async function* readChunks<Chunk>(stream: ReadableStream<Chunk>): AsyncGenerator<Chunk, void, undefined> {
  const reader = stream.getReader()
  let isEnded = false
  try {
    for (;;) {
      const { done, value } = await reader.read()
      isEnded = done
      if (done) return
      yield value
    }
  } catch (cause) {
    isEnded = true
    throw cause
  } finally {
    if (isEnded) reader.releaseLock()
    else await reader.cancel()
  }
}
