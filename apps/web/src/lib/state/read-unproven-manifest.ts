/** A manifest as the relay that serves this site tells it: at once, of the right form, and unproven. */
import { type Manifest, manifestSchema } from '@enigma/protocol'
import { safeParse } from 'valibot'

/** Asks the serving relay; undefined where it tells none, for not every origin that serves this site is a relay. */
export async function fetchUnprovenManifest(path: string, signal: AbortSignal): Promise<Manifest | undefined> {
  try {
    const response = await fetch(`/dataset.json?path=${encodeURIComponent(path)}`, { signal })
    return response.ok ? readUnprovenManifest(await response.json()) : undefined
  } catch {
    // Whoever asks goes on to the verified manifest in any case.
    return undefined
  }
}

function readUnprovenManifest(answer: unknown): Manifest | undefined {
  if (typeof answer !== 'object' || answer === null || !('manifest' in answer)) return undefined
  const parsed = safeParse(manifestSchema, answer.manifest)
  return parsed.success ? parsed.output : undefined
}
