/** Waiting for what others wait for, too. */
import { aborted } from '@enigma/network'

/** The promise's outcome; throws `aborted` once `signal` aborts, told to `onLeave` first. */
export async function orAborted<Result>(
  promise: Promise<Result>,
  signal: AbortSignal | undefined,
  onLeave: () => void = () => undefined,
): Promise<Result> {
  if (signal === undefined) return promise
  const { promise: end, reject } = Promise.withResolvers<never>()
  const onAbort = () => {
    onLeave()
    reject(aborted(signal))
  }
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([promise, end])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
