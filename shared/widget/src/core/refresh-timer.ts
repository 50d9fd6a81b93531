/** When a widget looks again: after its time, never while nobody can see it, later and later while looks fail. */

const mostDoublings = 5

export type RefreshTimerParameters = {
  /** Looks again; schedules the next look itself when it has ended. */
  look: () => void
  isVisible: () => boolean
}

export type RefreshTimer = {
  /** Looks after `everyMs`; never when undefined. `failures`: in a row, so far. */
  schedule: (everyMs: number | undefined, failures: number) => void
  /** To be told when it can be seen again: a look that fell due meanwhile is made now. */
  wake: () => void
  end: () => void
}

/** Creates the timer; nothing is scheduled yet. */
export function createRefreshTimer({ look, isVisible }: RefreshTimerParameters): RefreshTimer {
  let timer: ReturnType<typeof setTimeout> | undefined
  let isDue = false
  const end = () => {
    clearTimeout(timer)
    isDue = false
  }
  const lookIfSeen = () => {
    isDue = !isVisible()
    if (!isDue) look()
  }
  return {
    end,
    schedule(everyMs, failures) {
      end()
      if (everyMs !== undefined) timer = setTimeout(lookIfSeen, everyMs * 2 ** Math.min(failures, mostDoublings))
    },
    wake() {
      if (isDue) lookIfSeen()
    },
  }
}
