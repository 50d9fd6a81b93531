/** When a dataset's script is due, by the cron expression and time zone of its manifest. */
import { type Manifest, MarketplaceError } from '@enigma/protocol'
import { Cron } from 'croner'

export type Schedule = {
  /** The first time after `afterMs`; undefined when there is none any more. */
  next(afterMs: number): number | undefined
  /** The last time that is not after `untilMs`. */
  last(untilMs: number): number | undefined
}

/** Reads the schedule; throws `setting-invalid` for an expression or time zone that means nothing. */
export function createSchedule({ cron, timeZone }: NonNullable<Manifest['schedule']>): Schedule {
  const job = parseCron(cron, timeZone)
  return {
    next: (afterMs) => job.nextRun(new Date(afterMs))?.getTime(),
    // croner strips milliseconds from the reference, so the first of two may be after it.
    last: (untilMs) =>
      job
        .previousRuns(2, new Date(untilMs + 1000))
        .map((date) => date.getTime())
        .find((atMs) => atMs <= untilMs),
  }
}

/**
 * What is due at `nowMs` for a dataset whose last ended run was for `lastMs`: however many times were missed, one run,
 * for the latest of them; at once for a dataset that never ran. Undefined when nothing is due.
 */
export function dueTime({
  schedule,
  lastMs,
  nowMs,
}: {
  schedule: Schedule
  lastMs: number | undefined
  nowMs: number
}): number | undefined {
  const latest = schedule.last(nowMs)
  if (lastMs === undefined) return latest ?? nowMs
  return latest !== undefined && latest > lastMs ? latest : undefined
}

function parseCron(cron: string, timeZone: string): Cron {
  try {
    const job = new Cron(cron, { timezone: timeZone, paused: true })
    job.nextRun(new Date(0))
    return job
  } catch (cause) {
    throw new MarketplaceError({
      code: 'setting-invalid',
      message: `The schedule "${cron}" in the time zone ${timeZone} cannot be read; mend it in the manifest.`,
      cause,
    })
  }
}
