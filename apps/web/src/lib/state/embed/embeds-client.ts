/** The SDK's verbs of embeds over the page's client, loaded when the first of them is needed. */
import type { Embeds } from '@enigma/client/embeds'
import { app } from '../app.svelte.ts'

let loaded: Promise<Embeds> | undefined

/** A failed load is tried again by the next caller. */
export function embedsClient(): Promise<Embeds> {
  loaded ??= load().catch((error: unknown) => {
    loaded = undefined
    throw error
  })
  return loaded
}

async function load(): Promise<Embeds> {
  const [client, { createEmbeds }] = await Promise.all([app.client(), import('@enigma/client/embeds')])
  return client.extend(createEmbeds)
}
