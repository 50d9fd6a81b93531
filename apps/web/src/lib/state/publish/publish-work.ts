/** What publishing needs beside its page, in one piece that is loaded when a draft comes to its price. */
export { createPublishing } from '@enigma/client/publish'
export { createListing } from '#lib/wallet/listing.ts'
export { createPublicationPorts } from './publication-ports.ts'
export { createPublisherKey, readPublisherKey } from './publisher-key.ts'
