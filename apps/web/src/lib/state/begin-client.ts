/** For a page that is nothing without the SDK's client: it is loaded beside the page itself and not after it. */
import { loadBrowserClient } from '@enigma/client/browser'
import { app } from './app.svelte.ts'
import { firstContent } from './first-content.ts'

/** On the page at `path`, begins once the browser has shown anything. Whoever then asks for the client hears what failed. */
export async function beginClient(path: string): Promise<void> {
  // Another page loads this one beforehand when somebody points at its link, and is not to pay for it.
  if (location.pathname !== path) return
  await firstContent.whenBegun()
  loadBrowserClient().catch(() => undefined)
  app.beginClient()
}
