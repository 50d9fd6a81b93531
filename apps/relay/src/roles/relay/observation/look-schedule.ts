/**
 * Which dataset is looked at next: each about once in an interval, at no fixed beat, and no node so often that its other
 * askers would feel it. Time is what the caller says, chance what it hands in.
 */
import type { Hex } from '@enigma/protocol'
import { relayLimits } from '../relay-limits.ts'

/** A dataset to look at. */
export type Watched = { id: Hex }

export type LookSchedule<Dataset extends Watched> = {
  /** What is watched from now on: a new dataset is due soon, one that is left out no more. */
  set: (datasets: readonly Dataset[], nowMs: number) => void
  /** Takes the dataset that is due for longest and whose nodes may all be asked now; `ended` is to be called after it. */
  take: (nowMs: number) => Taken<Dataset> | undefined
  /** The next look comes after about the interval, or after `againMs` where that is given. */
  ended: (taken: Taken<Dataset>, nowMs: number, againMs?: number) => void
  /** Since when a dataset is in the schedule. */
  since: (id: Hex) => number | undefined
}

/** A dataset and the nodes that nobody else asks until its look has ended. */
export type Taken<Dataset> = { dataset: Dataset; peerIds: readonly string[] }

type Entry<Dataset> = { dataset: Dataset; sinceMs: number; dueAtMs: number; isUnderWay: boolean }

export type CreateLookScheduleParameters<Dataset> = {
  /** From 0 to below 1. */
  random: () => number
  /** The nodes that a look at the dataset would ask now; not all that its manifest names, for it may name anybody. */
  peersOf: (dataset: Dataset) => readonly string[]
}

/** Creates the schedule. */
export function createLookSchedule<Dataset extends Watched>({
  random,
  peersOf,
}: CreateLookScheduleParameters<Dataset>): LookSchedule<Dataset> {
  const { lookIntervalMs, firstLookMs, nodePauseMs } = relayLimits
  const entries = new Map<Hex, Entry<Dataset>>()
  /** Until when a node is left in peace, by peerId. */
  const pausedUntilMs = new Map<string, number>()
  return {
    set(datasets, nowMs) {
      const ids = new Set(datasets.map(({ id }) => id))
      for (const [id, { isUnderWay }] of entries) if (!ids.has(id) && !isUnderWay) entries.delete(id)
      for (const dataset of datasets) {
        const known = entries.get(dataset.id)
        const first = { sinceMs: nowMs, dueAtMs: nowMs + random() * firstLookMs, isUnderWay: false }
        entries.set(dataset.id, { ...(known ?? first), dataset })
      }
      for (const [peerId, untilMs] of pausedUntilMs) if (untilMs <= nowMs) pausedUntilMs.delete(peerId)
    },
    take(nowMs) {
      const due = [...entries.values()].filter(({ dueAtMs, isUnderWay }) => !isUnderWay && dueAtMs <= nowMs)
      // Who waits longer has the first claim to its nodes, so that one of many nodes gets its turn as well.
      const claimed = new Set<string>()
      for (const entry of due.toSorted((a, b) => a.dueAtMs - b.dueAtMs)) {
        const peerIds = peersOf(entry.dataset)
        if (peerIds.every((peerId) => !claimed.has(peerId) && (pausedUntilMs.get(peerId) ?? 0) <= nowMs)) {
          entry.isUnderWay = true
          for (const peerId of peerIds) pausedUntilMs.set(peerId, Infinity)
          return { dataset: entry.dataset, peerIds }
        }
        for (const peerId of peerIds) claimed.add(peerId)
      }
      return undefined
    },
    ended({ dataset: { id }, peerIds }, nowMs, againMs = lookIntervalMs * (0.5 + random())) {
      for (const peerId of peerIds) pausedUntilMs.set(peerId, nowMs + nodePauseMs)
      const entry = entries.get(id)
      if (entry === undefined) return
      entry.isUnderWay = false
      entry.dueAtMs = nowMs + againMs
    },
    since: (id) => entries.get(id)?.sinceMs,
  }
}
