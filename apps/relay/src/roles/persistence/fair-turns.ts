/** Work of many askers, a little at once and a second: they take turns, whatever number of jobs one of them has. */
import { createRateLimiter } from '@enigma/network'
import { createFairLine } from './fair-line.ts'

export type FairTurnsParameters = {
  /** Jobs under way at once, of all askers and of one. */
  atOnce: number
  perLane: number
  /** Jobs that begin in a second, and how many may be saved up. */
  perSecond: number
  burst: number
  /** A monotonic clock. */
  nowMs: () => number
}

export type FairTurns = {
  /** Runs a job when it is the lane's turn. */
  run: (lane: string, job: () => Promise<void>) => Promise<void>
}

type Waiting = { lane: string; begin: () => Promise<void> }

/** Creates an empty line. */
export function createFairTurns({ atOnce, perLane, nowMs, ...rates }: FairTurnsParameters): FairTurns {
  const line = createFairLine<Waiting>()
  const rate = createRateLimiter({ ...rates, nowMs })
  const busy = new Map<string, number>()
  let active = 0
  let later: ReturnType<typeof setTimeout> | undefined
  const mayGo = (lane: string) => (busy.get(lane) ?? 0) < perLane
  const next = () => {
    while (later === undefined && active < atOnce && line.some(mayGo)) {
      if (rate.take('')) void runNext(line.take(mayGo))
      else later = setTimeout(goOn, 1000 / rates.perSecond).unref()
    }
  }
  const goOn = () => {
    later = undefined
    next()
  }
  const runNext = async (waiting: Waiting | undefined) => {
    if (waiting === undefined) return
    const { lane, begin } = waiting
    active++
    busy.set(lane, (busy.get(lane) ?? 0) + 1)
    await begin()
    active--
    const left = (busy.get(lane) ?? 1) - 1
    if (left === 0) busy.delete(lane)
    else busy.set(lane, left)
    next()
  }
  return {
    run(lane, job) {
      const { promise, resolve, reject } = Promise.withResolvers<undefined>()
      const begin = () => job().then(() => resolve(undefined), reject)
      line.push(lane, { lane, begin })
      next()
      return promise
    },
  }
}
