/** For a page that is nothing without the SDK's client: it is loaded beside the page itself and not after it. */
import { loadBrowserClient } from '@enigma/client/browser'
import { app } from './app.svelte.ts'
import { firstContent } from './first-content.ts'

/** Begins once the browser has shown anything. Whoever then asks for the client hears what failed. */
export async function beginClient(): Promise<void> {
  await firstContent.whenBegun()
  loadBrowserClient().catch(() => undefined)
  app.beginClient()
}
