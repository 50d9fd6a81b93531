/** A manifest as the serving relay tells it in JSON: of the right form, and unproven. */
import { type Manifest, manifestSchema } from '@enigma/protocol'
import { safeParse } from 'valibot'

/** The manifest; undefined when it is none. */
export function readUnprovenManifest(answer: unknown): Manifest | undefined {
  if (typeof answer !== 'object' || answer === null || !('manifest' in answer)) return undefined
  const parsed = safeParse(manifestSchema, answer.manifest)
  return parsed.success ? parsed.output : undefined
}
