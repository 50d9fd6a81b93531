/**
 * Gas of the nearest marketplaces, whole transactions, measured on 23 Nov 2026 on anvil 1.7.1 with the same OpenZeppelin
 * 5.7 token and an unlimited allowance (Enigma 2018 with its own token), one run each:
 * - Enigma 2018: scrtlabs/smart_contract_marketplace @ e551d34, build artefacts of the repository
 * - Streamr: MarketplaceV4 + ProjectRegistryV1, npm @streamr/hub-contracts 1.1.2, without proxies: a lower bound
 * - Unlock: PublicLock v15 through the Unlock proxy, npm @unlock-protocol/contracts 0.0.34, protocol fee unset
 * - Ocean v4: npm @oceanprotocol/contracts 2.6.0, buy and start order, swap fees 0
 */
export const peerNames = ['Enigma 2018', 'Streamr V4', 'Unlock v15', 'Ocean v4'] as const

type PeerGas = Partial<Record<(typeof peerNames)[number], number>>

/** By our operation; what a peer does not offer is missing. */
export const peerGas: Readonly<Record<string, PeerGas>> = {
  register: { 'Enigma 2018': 186_703, 'Streamr V4': 313_006, 'Unlock v15': 998_092, 'Ocean v4': 1_488_461 },
  'subscribe, first': { 'Enigma 2018': 302_598, 'Streamr V4': 125_206, 'Unlock v15': 356_846, 'Ocean v4': 290_856 },
  'subscribe, same day': { 'Enigma 2018': 234_198, 'Streamr V4': 125_206, 'Unlock v15': 305_558, 'Ocean v4': 197_261 },
  'subscribe, other day': { 'Enigma 2018': 234_198, 'Streamr V4': 125_206, 'Unlock v15': 305_558, 'Ocean v4': 197_261 },
  'renew, single': { 'Enigma 2018': 234_198, 'Streamr V4': 105_986, 'Unlock v15': 117_205, 'Ocean v4': 197_261 },
  unsubscribe: { 'Enigma 2018': 95_651, 'Unlock v15': 90_490 },
  'collect and withdraw': { 'Enigma 2018': 111_135, 'Unlock v15': 49_414 },
}

/** What the comparison leaves out, said beside it. */
export const peerNotes: readonly string[] = [
  'Peers: measured on 23 Nov 2026 the same way (bench/src/gas-peers.ts names commits and packages). Enigma 2018 renews by a new subscription, refunds only after a punishment (here of 4 orders) and claims in O(orders): 111,135 at 3 orders, 4,117,710 at 200. Streamr pays out inside the purchase and Unlock pays one payee where we pay three and the pool; neither Streamr nor Ocean refunds.',
]
