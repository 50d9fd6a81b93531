/** What one query holds (its place, a snapshot, a reservation), given back exactly once, also when it ends midway. */
export type Holds = {
  /** Keeps what gives something back; it runs at once when everything was given back already. */
  add: (giveBack: () => void) => void
  /** Gives everything back, last first; one that fails does not keep the others. */
  release: () => void
}

/** Creates empty holds; `onFailure` is told when something cannot be given back. */
export function createHolds({ onFailure }: { onFailure: (error: unknown) => void }): Holds {
  const held: (() => void)[] = []
  let released = false
  const run = (giveBack: () => void) => {
    try {
      giveBack()
    } catch (error) {
      onFailure(error)
    }
  }
  return {
    add(giveBack) {
      if (released) run(giveBack)
      else held.push(giveBack)
    },
    release() {
      if (released) return
      released = true
      for (const giveBack of held.toReversed()) run(giveBack)
    },
  }
}
