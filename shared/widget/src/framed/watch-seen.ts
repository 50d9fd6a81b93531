/**
 * Whether the viewer can see what is pressed: wholly in view for a while, and, where the browser tells it (Chromium's
 * IntersectionObserver v2), neither covered nor changed by an effect of the page around it.
 */

/** Shorter looks are a trap's: the press is meant for what was there before. */
const seenForMs = 700
const wholeRatio = 0.99

type VisibilityOptions = IntersectionObserverInit & { trackVisibility: boolean; delay: number }
type VisibilityEntry = IntersectionObserverEntry & { isVisible?: boolean }

/** Tells each time that it becomes, or no longer is, seen; returns what ends that. */
export function watchSeen(element: Element, onChange: (isSeen: boolean) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const options: VisibilityOptions = { threshold: [0, 0.5, wholeRatio, 1], trackVisibility: true, delay: 100 }
  const observer = new IntersectionObserver((entries) => {
    const entry = entries.at(-1) as VisibilityEntry
    const isShown = entry.intersectionRatio >= wholeRatio && entry.isVisible !== false
    clearTimeout(timer)
    timer = isShown ? setTimeout(() => onChange(true), seenForMs) : undefined
    if (!isShown) onChange(false)
  }, options)
  observer.observe(element)
  return () => {
    clearTimeout(timer)
    observer.disconnect()
  }
}
