/** Which loader of the widget this site serves: its hash stands in a file beside it. */
import { MarketplaceError } from '@enigma/protocol'
import { integrityOf, type WidgetLoader } from '#lib/embed/snippet.ts'

/** The version that this app writes tags for. */
const version = '0.1.0'

/** Fetches it; throws `setting-invalid` where this site serves no loader. */
export async function readLoader(): Promise<WidgetLoader> {
  const path = `/widget/${version}/integrity.json`
  const response = await fetch(path)
  const manifest: unknown = response.ok ? await response.json().catch(() => undefined) : undefined
  const integrity = integrityOf(manifest)
  if (integrity !== undefined) return { version, integrity }
  const message = 'This site does not serve the tag’s loader; its operator must put the widget beside the app.'
  throw new MarketplaceError({ code: 'setting-invalid', message, details: `${path}: ${response.status}` })
}
