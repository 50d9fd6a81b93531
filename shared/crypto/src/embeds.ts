/** What must hold of an embed before anybody keeps it, serves it or asks by it (DESIGN §6). */
import {
  datasetIdOf,
  type Embed,
  embedRootOf,
  type Hex,
  isEmbedGrant,
  MarketplaceError,
  parseDatasetPath,
  zeroHash,
} from '@enigma/protocol'
import { verifyWalletGrant, type VerifyWalletGrantParameters } from './grants.ts'
import { templatesRootOf } from './templates.ts'

export type VerifyEmbedParameters = Omit<VerifyWalletGrantParameters, 'signed'> & { embed: Embed }

/**
 * Verifies that the embed's id is its signer's, that its grant allows templates only, and that its templates are those
 * of the grant; returns the grant's hash. Throws `grant-invalid` or `grant-expired`.
 */
export async function verifyEmbed({ embed, ...rest }: VerifyEmbedParameters): Promise<Hex> {
  const { grant } = embed.grant
  if (embedRootOf(grant.id) !== grant.root) throw invalid('has an id of another account')
  if (grant.parentGrantHash !== zeroHash || !isEmbedGrant(grant)) throw invalid('allows more than an embed may')
  const dataset = datasetIdOf(parseDatasetPath(embed.dataset))
  if (grant.permissions.some((permission) => permission.dataset !== dataset)) throw invalid('is of another dataset')
  const root = await templatesRootOf(embed.templates)
  if (grant.permissions.some(({ templatesRoot }) => templatesRoot !== root)) throw invalid('is of other templates')
  return verifyWalletGrant({ ...rest, signed: embed.grant })
}

/**
 * Verifies an embed whether it runs or has ended, as of its last second at the latest: it is still the revision that
 * counts. Throws as `verifyEmbed` does, and `grant-expired` only for one that has not begun.
 */
export function verifyRevision({ embed, nowSeconds, ...rest }: VerifyEmbedParameters): Promise<Hex> {
  return verifyEmbed({ ...rest, embed, nowSeconds: Math.min(nowSeconds, embed.grant.grant.validUntil - 1) })
}

function invalid(why: string): MarketplaceError {
  return new MarketplaceError({ code: 'grant-invalid', message: `The embed ${why}; have its owner sign it anew.` })
}
