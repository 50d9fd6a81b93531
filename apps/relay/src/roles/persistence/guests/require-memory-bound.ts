/** Guests only where the system bounds the memory of the processes that work on their data. */
import type { GuestTerms } from './guest-terms.ts'

/** Told to the operator at the start; undefined where all is well. */
export type BoundedTerms = { terms: GuestTerms; warning: string | undefined }

const missing =
  'prlimit (util-linux) is missing or does not work here, so the memory of engine processes is bounded by their own settings only'

/** Without `prlimit` the node takes no dataset of strangers, whatever its settings say. */
export function requireMemoryBound(terms: GuestTerms, { prlimit }: { prlimit: string | undefined }): BoundedTerms {
  if (prlimit !== undefined) return { terms, warning: undefined }
  if (terms.curators === 'nobody') return { terms, warning: `${missing}; install util-linux.` }
  const warning = `${missing}: datasets of curators whom you did not accept by name are refused until util-linux is installed and the node is started again.`
  return { terms: { ...terms, curators: 'nobody' }, warning }
}
