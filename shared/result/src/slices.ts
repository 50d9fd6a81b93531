/** Long work on the page's own thread, cut into slices, so that typing and scrolling go on in between. */

export type Slices = {
  /** Whether the present slice has lasted long enough; throws the signal's reason when the work is no longer wanted. */
  isDue: () => boolean
  /** Lets the browser have its turn; the next slice begins after it. */
  pause: () => Promise<void>
}

export type SlicesParameters = {
  nowMs: () => number
  /** Waits until the browser has nothing more urgent to do. */
  pause: () => Promise<void>
  sliceMs?: number
  signal?: AbortSignal | undefined
}

/** A slice leaves room for what its last step still costs: tasks stay far below 50 ms. */
const defaultSliceMs = 10

/** Begins the first slice now. */
export function createSlices({ nowMs, pause, sliceMs = defaultSliceMs, signal }: SlicesParameters): Slices {
  let begunMs = nowMs()
  return {
    isDue() {
      signal?.throwIfAborted()
      return nowMs() - begunMs >= sliceMs
    },
    async pause() {
      await pause()
      signal?.throwIfAborted()
      begunMs = nowMs()
    },
  }
}
