/** Short work of many widgets, one piece in each turn of the page: readers scroll and type in between. */

export type PageTurn = <Result>(work: () => Result) => Promise<Awaited<Result>>

/** Creates turns over what lets the page have its own; work that fails fails its caller alone. */
export function createPageTurn(pause: () => Promise<void>): PageTurn {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return <Result>(work: () => Result) => {
    const isAlone = waiting === 0
    waiting++
    // Who is alone waits for nobody.
    const done = isAlone ? Promise.resolve().then(work) : last.then(pause).then(work)
    last = done.catch(() => undefined)
    void last.then(() => waiting--)
    return done as Promise<Awaited<Result>>
  }
}

type Scheduler = { yield?: () => Promise<void> }

/** The turns of this page. */
export const inPageTurn = createPageTurn(() => {
  const { scheduler } = globalThis as { scheduler?: Scheduler }
  return scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve))
})
