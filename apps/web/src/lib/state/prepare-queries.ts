/** What a page does that is about to ask. */
import { app } from './app.svelte.ts'
import { whenIdle } from './when-idle.ts'

/** Makes the first query fast, once the client is here and the browser has nothing else to do. */
export async function prepareQueries(): Promise<void> {
  const client = await app.client()
  whenIdle(() => client.prepare())
}
