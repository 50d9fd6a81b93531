/** Several peers asked at once, none of whom holds up the others. */
export type AskTogetherParameters<Item, Answer> = {
  items: readonly Item[]
  work: (item: Item) => Promise<Answer>
  /**
   * Told of each answer as it comes, also of those that come after the end. True for one that is what was asked for: the
   * others then have `graceMs` left.
   */
  onAnswer: (answer: Answer) => boolean | Promise<boolean>
  graceMs: number
}

/**
 * Resolves once all have answered or failed, or a grace after the first answer that is good; throws an `AggregateError`
 * where all failed.
 */
export async function askTogether<Item, Answer>(parameters: AskTogetherParameters<Item, Answer>): Promise<void> {
  const { items, work, onAnswer, graceMs } = parameters
  const grace = Promise.withResolvers<undefined>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const runs = items.map(async (item) => {
    if (await onAnswer(await work(item))) timer ??= setTimeout(() => grace.resolve(undefined), graceMs)
  })
  const all = Promise.allSettled(runs)
  try {
    await Promise.race([all, grace.promise])
  } finally {
    clearTimeout(timer)
  }
  if (timer === undefined) failWhereAllDid(await all)
}

function failWhereAllDid(settled: readonly PromiseSettledResult<unknown>[]): void {
  const reasons = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
  if (reasons.length === settled.length) throw new AggregateError(reasons, 'nobody answered')
}
