import { expect, test } from 'vitest'
import { relayLimits } from '../relay-limits.ts'
import { createLookSchedule, type Watched } from './look-schedule.ts'

const { firstLookMs, lookIntervalMs, nodePauseMs } = relayLimits

/** A small generator of seeded chance (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

type Named = Watched & { peerIds: readonly string[] }

function watched(number: number, ...peerIds: string[]): Named {
  return { id: `0x${number.toString(16).padStart(64, '0')}`, peerIds }
}

const peersOf = ({ peerIds }: Named) => peerIds

/** Looks that take no time, every 50 ms; when each dataset and each node was asked. */
function simulate(datasets: readonly Named[], forMs: number) {
  const schedule = createLookSchedule<Named>({ random: seeded(7), peersOf })
  const looks = new Map(datasets.map(({ id }) => [id, [] as number[]]))
  const asks = new Map<string, number[]>()
  for (let nowMs = 0; nowMs < forMs; nowMs += 50) {
    schedule.set(datasets, nowMs)
    const taken = schedule.take(nowMs)
    if (taken === undefined) continue
    looks.get(taken.dataset.id)?.push(nowMs)
    for (const peerId of taken.peerIds) asks.set(peerId, [...(asks.get(peerId) ?? []), nowMs])
    schedule.ended(taken, nowMs)
  }
  return { looks, asks }
}

const gaps = (times: readonly number[]) => times.slice(1).map((time, index) => time - (times[index] ?? 0))

test('each dataset about once in an interval, not at one moment and at no fixed beat', () => {
  const datasets = Array.from({ length: 20 }, (_, number) => watched(number, `node ${number}`))
  const { looks } = simulate(datasets, 20 * lookIntervalMs)
  const firsts = [...looks.values()].map(([first = Infinity]) => first)
  expect(Math.max(...firsts)).toBeLessThan(firstLookMs + 1000)
  expect(new Set(firsts).size).toBe(20)
  for (const times of looks.values()) {
    expect(times.length).toBeGreaterThan(15)
    expect(times.length).toBeLessThan(25)
    expect(new Set(gaps(times)).size).toBeGreaterThan(10)
  }
})

test('a node of many datasets is left in peace in between, and each of them has its turn', () => {
  const many = Array.from({ length: 40 }, (_, number) => watched(number, 'busy'))
  const both = watched(1000, 'busy', 'other')
  const other = Array.from({ length: 40 }, (_, number) => watched(2000 + number, 'other'))
  const { looks, asks } = simulate([...many, both, ...other], 10 * lookIntervalMs)
  for (const times of asks.values()) expect(Math.min(...gaps(times))).toBeGreaterThanOrEqual(nodePauseMs)
  for (const times of looks.values()) expect(times.length).toBeGreaterThan(4)
})

test('one look at a dataset at once; one that is left out is not taken again', () => {
  const schedule = createLookSchedule<Named>({ random: () => 0, peersOf })
  const [a, b] = [watched(1, 'a'), watched(2, 'b')]
  const take = (nowMs: number) => schedule.take(nowMs)?.dataset
  schedule.set([a, b], 0)
  expect([take(0), take(0), take(0)]).toEqual([a, b, undefined])
  schedule.set([b], 0)
  schedule.ended({ dataset: a, peerIds: ['a'] }, 10)
  schedule.ended({ dataset: b, peerIds: ['b'] }, 10)
  schedule.set([b], 20)
  const nextMs = 10 + lookIntervalMs / 2
  expect([take(nextMs - 1), take(nextMs), take(nextMs)]).toEqual([undefined, b, undefined])
})
