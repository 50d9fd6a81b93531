/** An open database that is closed when it is superseded and its last reader has left. */
import type { EngineDatabase } from './engine/engine.ts'

export type LeasedDatabase = {
  readonly database: EngineDatabase
  /** Keeps it open; returns how to let it go, once. */
  lease: () => () => void
  /** Lets no more readers count on it: it closes when the last one has left. Resolves when it is closed. */
  retire: () => Promise<void>
  /** Closes it under its readers. */
  close: () => Promise<void>
}

/** Wraps a database that was just opened; `onClosed` runs after it was closed, to drop its file. */
export function createLeasedDatabase({
  database,
  onClosed,
}: {
  database: EngineDatabase
  onClosed: () => Promise<void>
}): LeasedDatabase {
  const closed = Promise.withResolvers<undefined>()
  let readers = 0
  let retired = false
  let closing = false

  function close(): Promise<undefined> {
    if (!closing) {
      closing = true
      database
        .close()
        .then(onClosed)
        .then(() => closed.resolve(undefined), closed.reject)
    }
    return closed.promise
  }

  return {
    database,
    lease() {
      readers += 1
      let left = false
      return () => {
        if (left) return
        left = true
        readers -= 1
        // Its outcome is that of `retire`, whose caller waits for it.
        if (retired && readers === 0) void close()
      }
    },
    retire() {
      retired = true
      return readers === 0 ? close() : closed.promise
    },
    close,
  }
}
