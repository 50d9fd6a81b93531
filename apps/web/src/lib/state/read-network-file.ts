/** The network file of this site's own origin. */
import { MarketplaceError, type NetworkFile, parseNetworkFile } from '@enigma/protocol'

const path = '/enigma-network.json'

/** Fetches and checks it; throws `setting-invalid` that says what its operator has to mend. */
export async function readNetworkFile(): Promise<NetworkFile> {
  const response = await fetch(path)
  if (response.ok) return parseNetworkFile(await response.text())
  const message = 'This site does not say which network it belongs to; its operator must serve enigma-network.json.'
  throw new MarketplaceError({ code: 'setting-invalid', message, details: `${path}: ${response.status}` })
}
