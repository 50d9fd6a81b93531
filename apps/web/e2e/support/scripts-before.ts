/** Bytes of JavaScript that a page asked for before its first content, compressed as they crossed the network. */
import type { Page } from '@playwright/test'

/** Opens `path` and waits for `selector`; returns the bytes of the scripts that were asked for before it was there. */
export async function scriptBytesBefore(page: Page, path: string, selector: string): Promise<number> {
  await page.addInitScript((wanted) => {
    const seen = () => {
      if (document.querySelector(wanted) === null) return
      observer.disconnect()
      performance.mark('first-content')
    }
    const observer = new MutationObserver(seen)
    observer.observe(document, { childList: true, subtree: true })
  }, selector)
  await page.goto(path)
  await page.waitForFunction(() => performance.getEntriesByName('first-content').length > 0)
  return page.evaluate(() => {
    const end = performance.getEntriesByName('first-content')[0]?.startTime ?? 0
    const resources = performance.getEntriesByType('resource') as PerformanceResourceTiming[]
    return resources
      .filter(({ name, startTime }) => new URL(name).pathname.endsWith('.js') && startTime < end)
      .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)
  })
}
