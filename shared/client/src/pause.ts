/** Waiting before something is asked again. */
import { aborted } from '@enigma/network'

/** Resolves after `ms`; throws `aborted` as soon as the caller wants no more. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(resolve, ms, undefined)
  const onAbort = () => resolve(undefined)
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted === true) onAbort()
  await promise
  clearTimeout(timer)
  signal?.removeEventListener('abort', onAbort)
  if (signal?.aborted === true) throw aborted(signal)
}
