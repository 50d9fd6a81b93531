/** `<enigma-query>` on a page of this site, by the files that its tag loads elsewhere. */
import type { AskEmbedParameters } from '@enigma/client/embeds'
import { embedsClient } from './embeds-client.ts'

type WidgetModule = { EnigmaQuery: { configure: (settings: { client: object }) => void } }

/** Asks as any visitor, over this page's connections: what was just paused or bounded is obeyed at once. */
const client = {
  async embed(given: AskEmbedParameters) {
    const parameters = { ...given }
    // The owner looks at it here, whichever sites it is for.
    delete parameters.origin
    const embeds = await embedsClient()
    await embeds.find({ id: parameters.grant, isFresh: true, signal: parameters.signal })
    return embeds.ask(parameters)
  },
}

/** Defines the element; throws what the browser says of files that cannot be loaded. */
export async function loadElement(version: string): Promise<void> {
  const { EnigmaQuery } = (await import(/* @vite-ignore */ `/widget/${version}/enigma-query.js`)) as WidgetModule
  EnigmaQuery.configure({ client })
}
