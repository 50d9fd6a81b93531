/** libp2p protocol ids. Every protocol opens with a version word so that a mismatch is a readable error. */
export const protocolIds = {
  acceptance: '/enigma/acceptance/1.0.0',
  catalogue: '/enigma/catalogue/1.0.0',
  grants: '/enigma/grants/1.0.0',
  locate: '/enigma/locate/1.0.0',
  query: '/enigma/query/1.0.0',
  snapshot: '/enigma/snapshot/1.0.0',
  usage: '/enigma/usage/1.0.0',
} as const

/** The version word that opens every protocol. */
export const wireVersion = 1

/** The gossip topic on which relays announce manifests and node records. */
export const announceTopic = '/enigma/announce/1.0.0'

/** The gossip topic on which relays tell each other of embeds: apart, so that neither crowds the other out. */
export const embedTopic = '/enigma/embeds/1.0.0'
