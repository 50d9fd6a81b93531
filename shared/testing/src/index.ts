/** What became of something that may be refused. */
import { MarketplaceError } from '@enigma/protocol'

/** The code of the refusal, or `answered`; throws what is no `MarketplaceError`. */
export async function codeOf(promise: unknown): Promise<string> {
  try {
    await promise
    return 'answered'
  } catch (error) {
    if (error instanceof MarketplaceError) return error.code
    throw error
  }
}
