/** Where the rows come from: a relay, and a dataset that it lists. */
import { parseNetworkFile, type Value } from '@enigma/client'
import { createVisitorClient } from '@enigma/client/visitor'
import { EnigmaQuery } from '@enigma/widget'

const relay = 'https://relay.example'
export const dataset = '0x0000000000000000000000000000000000000000/zipcodes'

// The element's other files lie at every relay; copy `@enigma/widget/dist` to your own site and name that, if you like.
EnigmaQuery.configure({ base: `${relay}/widget/0.1.0/` })

/** Verified rows of the dataset's free sample: no wallet, and nothing is kept in the browser. */
export async function readSample(sql: string, signal: AbortSignal): Promise<Value[][]> {
  const response = await fetch(`${relay}/enigma-network.json`, { signal })
  const network = parseNetworkFile(await response.text())
  const client = await createVisitorClient({ network, loadWebrtcDirect: () => import('@enigma/client/webrtc-direct') })
  try {
    return (await client.sample({ dataset, sql, signal }).collect()).rows
  } finally {
    await client.close()
  }
}
