/** Waiting for a wallet, which may never answer: until it does, or until its reader waits no longer. */
import { MarketplaceError } from '@enigma/protocol'

export type Waiting = {
  /** What the work gives; throws `aborted` once it is waited for no longer, and drops what comes later. */
  until: <Result>(work: Promise<Result>) => Promise<Result>
  stop: () => void
}

/** Creates the waiting for one answer. */
export function createWaiting(): Waiting {
  const { promise: left, reject } = Promise.withResolvers<never>()
  left.catch(() => undefined)
  return {
    until(work) {
      // What fails after it was left has nobody to throw to.
      work.catch(() => undefined)
      return Promise.race([work, left])
    },
    stop: () => reject(notAwaited()),
  }
}

function notAwaited(): MarketplaceError {
  const message = 'You wait no longer for your wallet. If it still asks, refuse there; start again when you like.'
  return new MarketplaceError({ code: 'aborted', message })
}
