/** What is told of the queries that a relay passes on, one by one, without looking into them; for metrics. */
import type { FrameGroup, IncomingQuery, QueryHandler, TransferObserver } from '@enigma/network'
import { MarketplaceError } from '@enigma/protocol'

/** Of one query that is passed on. */
export type ForwardWatch = {
  /** Bytes of its answer that have arrived here and were not yet passed on. */
  onBuffered: (bytes: number) => void
  /** Bytes of its answer that were passed on. */
  onPassed: (bytes: number) => void
  /** It is over: undefined when the whole answer was passed on, else what ended it. */
  onEnd: (failure: unknown) => void
}

type Forward = (query: IncomingQuery, observer?: TransferObserver) => AsyncIterable<FrameGroup>

/** The handler of queries for other nodes; `watchForward` is called at the start of each. */
export function watchForwards(forward: Forward, watchForward: (() => ForwardWatch) | undefined): QueryHandler {
  if (watchForward === undefined) return (query) => forward(query)
  return async function* (query) {
    const { onBuffered, onPassed, onEnd } = watchForward()
    let failure: unknown = new MarketplaceError({ code: 'aborted', message: 'The asker left.' })
    let buffered = 0
    const setBuffered = (bytes: number) => {
      buffered = Math.max(0, bytes)
      onBuffered(buffered)
    }
    try {
      for await (const group of forward(query, { onBuffered: setBuffered })) {
        yield group
        const passed = group.frames.reduce((sum, { length }) => sum + length, 0)
        onPassed(passed)
        setBuffered(buffered - passed)
      }
      failure = undefined
    } catch (error) {
      if (!query.signal.aborted) failure = error
      throw error
    } finally {
      setBuffered(0)
      onEnd(failure)
    }
  }
}
