/**
 * When heavy parts may begin to load: once a page shows its first content. A page that has some to wait for holds them;
 * whatever becomes of it, they begin after a while.
 */
const longestMs = 5_000

let shown = Promise.resolve()

/** Once what was set now is on the screen; a page that nobody sees paints nothing. */
function whenPainted(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  if (document.visibilityState === 'hidden') setTimeout(() => resolve(undefined))
  // The first frame holds it, and is on the screen when the second one begins.
  else requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve(undefined))))
  return promise
}

/** Once the browser has shown anything of the page. */
async function whenBegun(): Promise<void> {
  if (performance.getEntriesByName('first-contentful-paint').length === 0) await whenPainted()
}

export const firstContent = {
  whenBegun,
  /** To be called when a page is mounted; returns what to call once its content is on the screen. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const timer = setTimeout(() => resolve(undefined), longestMs)
    shown = promise.then(() => clearTimeout(timer))
    return () => void whenPainted().then(() => resolve(undefined))
  },
  whenShown: (): Promise<void> => shown,
}
