/** Which loader of the widget this site serves, and the network that a tag of this site is for. */
import { MarketplaceError, networkAnchor } from '@enigma/protocol'
import { readLatest, type WidgetLoader } from '#lib/embed/snippet.ts'
import { app } from '../app.svelte.ts'

const path = '/widget/latest.json'

/** Fetches it; throws `setting-invalid` where this site serves no loader. */
export async function readLoader(): Promise<WidgetLoader> {
  const [response, network] = await Promise.all([fetch(path), app.loadNetwork()])
  const latest: unknown = response.ok ? await response.json().catch(() => undefined) : undefined
  const served = readLatest(latest)
  if (served !== undefined) return { ...served, anchor: await networkAnchor(network) }
  const message = 'This site does not serve the tag’s loader; its operator must put the widget beside the app.'
  throw new MarketplaceError({ code: 'setting-invalid', message, details: `${path}: ${response.status}` })
}
