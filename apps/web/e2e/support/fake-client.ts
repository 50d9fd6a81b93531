/** In a page: a client of the SDK that answers from a list, for what the element does with rows. No network is asked. */
import type { Page } from '@playwright/test'

export type FakeRows = { columns: { name: string; type: string }[]; rows: unknown[][] }

/**
 * Opens a page whose widgets ask `answers`, one after the other and then the last one again; a text is an error's message.
 * The page must hold no loader's tag: it is brought by a module that hands the client over first.
 */
export async function useFakeClient(page: Page, loaderUrl: string, answers: (FakeRows | string)[]): Promise<void> {
  await page.evaluate(
    async ({ url, list }) => {
      const { EnigmaQuery } = (await import(url)) as { EnigmaQuery: { configure: (settings: object) => void } }
      let asked = 0
      const answerOf = () => list[Math.min(asked++, list.length - 1)]
      const sample = () => {
        const answer = answerOf()
        if (answer === undefined || typeof answer === 'string') {
          const failed = Promise.reject(new Error(answer))
          failed.catch(() => undefined)
          return { result: failed, [Symbol.asyncIterator]: () => ({ next: () => failed }) }
        }
        const { columns, rows } = answer
        const batch = {
          ...{ columns, rowCount: rows.length, isRestart: false },
          value: (row: number, column: number) => rows[row]?.[column] ?? null,
        }
        const result = {
          ...{ columns, rowCount: rows.length, isTruncated: false, node: { peerId: 'fake' }, timings: { totalMs: 1 } },
          ...{ facts: { seq: 1 }, head: { head: { createdAt: 1_700_000_000 } } },
        }
        return {
          result: Promise.resolve(result),
          async *[Symbol.asyncIterator]() {
            yield await Promise.resolve(batch)
          },
        }
      }
      EnigmaQuery.configure({ client: { sample } })
    },
    { url: loaderUrl, list: answers },
  )
}
