/**
 * `GET /dataset.json?path=<curator>/<name>`: what this relay knows of one dataset, for the first paint of its page. The
 * app shows it as unproven until its client has checked it against the chain.
 */
import { datasetIdOf, type Hex, MarketplaceError, parseDatasetPath } from '@enigma/protocol'

/** The id of the dataset that the query string names; undefined when it names none. */
export function parseDatasetQuery(query: URLSearchParams): Hex | undefined {
  try {
    return datasetIdOf(parseDatasetPath(query.get('path') ?? ''))
  } catch (error) {
    if (error instanceof MarketplaceError) return undefined
    throw error
  }
}
