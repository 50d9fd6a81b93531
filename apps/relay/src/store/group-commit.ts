/**
 * Gathers small pieces of database work and commits them together once per turn of the event loop: a commit costs more
 * than the work, and under load many queries share one. Nothing is acknowledged before its commit.
 */
import type { DatabaseSync } from 'node:sqlite'
import { runInTransaction } from './open-database.ts'

export type GroupCommit = {
  /**
   * Runs synchronous work in order and resolves once it is committed. Work that throws must not have written anything:
   * its error is its caller's alone, the others of the group are committed.
   */
  run: <Result>(work: () => Result) => Promise<Result>
  /** Commits what is waiting at once; call before the database is closed. */
  flush: () => void
}

type Waiting = { perform: () => void; acknowledge: () => void; reject: (error: unknown) => void }

/** Creates the queue of one database. */
export function createGroupCommit({ database }: { database: DatabaseSync }): GroupCommit {
  let waiting: Waiting[] = []

  function flush(): void {
    const group = waiting
    waiting = []
    if (group.length === 0) return
    try {
      runInTransaction(database, () => {
        for (const { perform } of group) perform()
      })
    } catch (error) {
      for (const { reject } of group) reject(error)
      return
    }
    for (const { acknowledge } of group) acknowledge()
  }

  return {
    run: (work) =>
      new Promise((resolve, reject) => {
        let acknowledge = (): void => undefined
        const perform = () => {
          try {
            const result = work()
            acknowledge = () => resolve(result)
          } catch (error) {
            acknowledge = () => reject(asError(error))
          }
        }
        if (waiting.length === 0) setImmediate(flush)
        waiting.push({ perform, acknowledge: () => acknowledge(), reject })
      }),
    flush,
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new TypeError('work threw what is no error', { cause: error })
}
