/** Slices of the page's own thread: the browser's scheduler decides when the next one begins. */
import { createSlices, type Slices } from './slices.ts'

type Scheduler = { postTask: (task: () => void, options: { priority: 'background' }) => Promise<void> }

/** Begins a slice of long work that the reader does not wait for with folded hands. */
export function pageSlices(signal?: AbortSignal): Slices {
  return createSlices({ nowMs: () => performance.now(), pause, signal })
}

function pause(): Promise<void> {
  const { scheduler } = globalThis as { scheduler?: Scheduler }
  if (scheduler?.postTask !== undefined) return scheduler.postTask(() => undefined, { priority: 'background' })
  return new Promise((resolve) => setTimeout(resolve))
}
