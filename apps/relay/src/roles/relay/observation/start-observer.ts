/**
 * Watches the datasets of the catalogue: regularly asks their persistence nodes one small question each, and keeps
 * whether one answered and which snapshot it showed. What comes of it is this relay's own word (DESIGN §5).
 */
import type { Hex } from '@enigma/protocol'
import { type Clock, sleep } from '../../../clock.ts'
import { relayLimits } from '../relay-limits.ts'
import {
  lookAtDataset,
  type LookAtDatasetParameters,
  type LookResult,
  type OpenDataset,
  recordsOf,
} from './look-at-dataset.ts'
import { createLookSchedule, type LookSchedule, type Taken } from './look-schedule.ts'
import type { ObservationStore } from './observation-store.ts'

export type StartObserverParameters = Pick<LookAtDatasetParameters, 'nodeRecordOf' | 'probe' | 'random'> & {
  /** Datasets whose manifest is here; this node itself is none of their nodes. */
  openDatasets: () => readonly OpenDataset[]
  /** Whether the chain lists the dataset as open, its manifest here or not. */
  isOpen: (dataset: Hex) => boolean
  /** Whether this relay is connected to anybody besides these peers: without it, the silence may be its own. */
  hasOtherCompany: (peerIds: readonly string[]) => boolean
  store: ObservationStore
  /** Of a monotonic time. */
  clock: Clock
  nowSeconds: () => number
  onError: (error: unknown) => void
}

type Observer = StartObserverParameters & {
  schedule: LookSchedule<OpenDataset>
  /** Looks in a row at a dataset that said nothing. */
  emptyLooks: Map<Hex, number>
  signal: AbortSignal
}

/** Starts watching; `stop` resolves when no look is under way any more. */
export function startObserver(parameters: StartObserverParameters): { stop: () => Promise<void> } {
  const stopping = new AbortController()
  const { random, nodeRecordOf } = parameters
  const peersOf = (dataset: OpenDataset) => recordsOf(dataset, nodeRecordOf).map(({ peerId }) => peerId)
  const observer = {
    ...parameters,
    schedule: createLookSchedule<OpenDataset>({ random, peersOf }),
    emptyLooks: new Map<Hex, number>(),
    signal: stopping.signal,
  }
  const running = run(observer)
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function run(observer: Observer): Promise<void> {
  const { schedule, clock, signal } = observer
  const looks = new Set<Promise<void>>()
  let refreshedAtMs = -Infinity
  while (!signal.aborted) {
    if (clock.nowMs() - refreshedAtMs >= relayLimits.watchRefreshMs) {
      refresh(observer)
      refreshedAtMs = clock.nowMs()
    }
    const taken = looks.size < relayLimits.looksAtOnce ? schedule.take(clock.nowMs()) : undefined
    if (taken !== undefined) {
      const look = lookAt(observer, taken).finally(() => looks.delete(look))
      looks.add(look)
    }
    const delayMs = taken === undefined ? relayLimits.idleLookMs : relayLimits.lookPauseMs
    await sleep({ clock, delayMs, signal })
  }
  await Promise.all(looks)
}

/** The catalogue may be unreadable for a while, as the chain may be; what was watched is watched on. */
function refresh({ openDatasets, isOpen, schedule, store, emptyLooks, clock, nowSeconds, onError }: Observer): void {
  try {
    schedule.set(openDatasets(), clock.nowMs())
    store.dropUnseen(nowSeconds())
    for (const id of emptyLooks.keys()) if (!isOpen(id)) emptyLooks.delete(id)
  } catch (error) {
    onError(error)
  }
}

/** A dataset is listed before its first rows are published; and nodes come back to a relay a while after its start. */
function isBeginning({ store, schedule, clock }: Observer, dataset: Hex): boolean {
  const { firstRowsMs, restartMs } = relayLimits
  const ageMs = clock.nowMs() - (schedule.since(dataset) ?? clock.nowMs())
  return ageMs < (store.has(dataset) ? restartMs : firstRowsMs)
}

/**
 * Until when a dataset that has never shown rows is looked at again: soon at first, and the longer it takes, the later, so
 * that its first rows are told soon. Undefined for the usual time.
 */
function soonAgainMs({ store, schedule, clock }: Observer, dataset: Hex): number | undefined {
  if (store.has(dataset)) return undefined
  const { firstLookMs, lookIntervalMs } = relayLimits
  const nowMs = clock.nowMs()
  const afterMs = Math.max(firstLookMs, (nowMs - (schedule.since(dataset) ?? nowMs)) / 2)
  return afterMs < lookIntervalMs ? afterMs : undefined
}

/** A look that said nothing is left out, but not time after time: anybody can say that he is busy. */
function isForgiven({ emptyLooks }: Observer, dataset: Hex, look: LookResult): boolean {
  const empty = look === undefined ? (emptyLooks.get(dataset) ?? 0) + 1 : 0
  emptyLooks.set(dataset, empty)
  return empty > 0 && empty <= relayLimits.emptyLooks
}

/** Never rejects. */
async function lookAt(observer: Observer, taken: Taken<OpenDataset>): Promise<void> {
  const { store, schedule, clock, nowSeconds, isOpen, hasOtherCompany, onError, signal } = observer
  const { dataset } = taken
  const { id, publisher, nodes } = dataset
  let againMs: number | undefined
  try {
    const look = await lookAtDataset({ ...observer, dataset })
    if (signal.aborted || !isOpen(id) || isForgiven(observer, id, look)) return
    const { isAnswered, head } = look ?? { isAnswered: false, head: undefined }
    if (!isAnswered && isBeginning(observer, id)) {
      againMs = soonAgainMs(observer, id)
      return
    }
    if (!isAnswered && !hasOtherCompany(nodes.map(({ peerId }) => peerId))) return
    store.note({ dataset: id, atSeconds: nowSeconds(), isAnswered, head: head && { ...head, publisher } })
  } catch (error) {
    onError(error)
  } finally {
    schedule.ended(taken, clock.nowMs(), againMs)
  }
}
