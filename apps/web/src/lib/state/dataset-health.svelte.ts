/** How a dataset is now, as this browser finds it: asked when the reader wants to see it, and again when she says so. */
import type { DatasetHealth } from '@enigma/client'
import type { Observation } from '#lib/discover/describe-observation.ts'
import type { ShownError } from '#lib/format/shown-error.ts'
import { app } from './app.svelte.ts'
import { readObservation } from './read-observation.ts'
import { toShownError } from './to-shown-error.ts'

type Schedule = { cron: string; timeZone: string }

export class DatasetHealthState {
  health = $state.raw<DatasetHealth>()
  error = $state.raw<ShownError>()
  isChecking = $state(false)
  /** Unix seconds. */
  nextRun = $state<number>()
  /** What the relay that serves this site saw of it: its word alone. */
  observed = $state.raw<Observation>()
  readonly #path: string
  readonly #ending = new AbortController()

  constructor(path: string) {
    this.#path = path
  }

  /** Asks every node; what was known before stays until the answer is here. Never throws. */
  async check(schedule: Schedule | undefined): Promise<void> {
    if (this.isChecking) return
    this.isChecking = true
    this.error = undefined
    const { signal } = this.#ending
    try {
      const client = await app.client()
      const [health, nextRun, observed] = await Promise.all([
        client.health({ dataset: this.#path, signal }),
        nextRunOf(schedule),
        observedHere(this.#path, signal),
      ])
      this.health = health
      this.nextRun = nextRun
      this.observed = observed
    } catch (error) {
      if (!signal.aborted) this.error = toShownError(error)
    } finally {
      this.isChecking = false
    }
  }

  /** Drops what is under way. */
  stop(): void {
    this.#ending.abort()
  }
}

async function observedHere(path: string, signal: AbortSignal): Promise<Observation | undefined> {
  try {
    const response = await fetch(`/dataset.json?path=${encodeURIComponent(path)}`, { signal })
    const described = (await response.json()) as { observed?: unknown } | null
    return readObservation(described?.observed)
  } catch {
    // Not every origin that serves this site is a relay, and what the nodes say themselves is shown in any case.
    return undefined
  }
}

/** When a schedule is due next; undefined for one that cannot be read: the curator wrote it. */
async function nextRunOf(schedule: Schedule | undefined): Promise<number | undefined> {
  if (schedule === undefined) return undefined
  const { Cron } = await import('croner')
  try {
    const next = new Cron(schedule.cron, { timezone: schedule.timeZone, paused: true }).nextRun()
    return next === null ? undefined : Math.floor(next.getTime() / 1000)
  } catch {
    return undefined
  }
}
