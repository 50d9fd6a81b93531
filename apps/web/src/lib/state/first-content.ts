/**
 * When heavy parts may begin to load: once a page shows its first content. A page that has some to wait for holds them;
 * whatever becomes of it, they begin after a while.
 */
const longestMs = 5_000

let shown = Promise.resolve()

export const firstContent = {
  /** To be called when a page is mounted; returns what to call once its content is on the screen. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const timer = setTimeout(() => resolve(undefined), longestMs)
    shown = promise.then(() => clearTimeout(timer))
    // A turn later: what was set now is not on the screen yet.
    return () => void setTimeout(() => resolve(undefined))
  },
  whenShown: (): Promise<void> => shown,
}
