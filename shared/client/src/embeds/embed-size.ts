/** Whether an embed can travel: as relays keep it, and as the largest query that its templates allow a visitor. */
import {
  type Embed,
  encodeCbor,
  encodeEmbed,
  encodeQuery,
  encodeSignedQuery,
  type Hex,
  limits,
  MarketplaceError,
  type Parameter,
  type Query,
  type SignedGrant,
  type Template,
  type TemplateParameter,
  zeroHash,
} from '@enigma/protocol'

/** Throws `setting-invalid` that says by how much an embed, or one of its templates, is too large. */
export function requireEmbedSize(embed: Embed): void {
  const bytes = encodeEmbed(embed).length
  const { embedBytes, queryBytes } = limits
  if (bytes > embedBytes) throw tooLarge(`The embed has ${bytes} bytes of at most ${embedBytes}`, bytes - embedBytes)
  for (const template of embed.templates) {
    const most = mostQueryBytes(embed, template)
    const what = `A query of the template has up to ${most} bytes of at most ${queryBytes}`
    if (most > queryBytes) throw tooLarge(what, most - queryBytes, template.name)
  }
}

function tooLarge(what: string, over: number, details?: string): MarketplaceError {
  const message = `${what}; shorten its SQL or list fewer values, ${over} bytes in all.`
  return new MarketplaceError({ code: 'setting-invalid', message, details })
}

/** Bytes of the largest signed query that a visitor may send of a template, whatever its numbers are. */
function mostQueryBytes({ templates, grant }: Embed, { sql, ...terms }: Template): number {
  const most = Number.MAX_SAFE_INTEGER
  const hash: Hex = zeroHash
  const point: Hex = `0x${'00'.repeat(65)}`
  const account: Hex = `0x${'00'.repeat(20)}`
  const proof = Array.from({ length: Math.ceil(Math.log2(templates.length)) }, () => hash)
  const query: Query = {
    ...{ v: 1, chainId: most, marketplace: account, kind: 'query', grantHash: hash, dataset: hash, sql },
    ...{ snapshot: { kind: 'seq', seq: most }, parameters: terms.parameters.map(longestOf), replySuite: 1 },
    ...{ sessionKey: point, replyKey: point, audience: account, nonce: `0x${'00'.repeat(16)}` },
    ...{ issuedAt: most, expiresAt: most, maxRows: most, maxBytes: most, minBlock: most },
    template: { terms, index: templates.length - 1, count: templates.length, proof },
  }
  const signature: Hex = `0x${'00'.repeat(64)}`
  const child: SignedGrant = { grant: { ...grant.grant, profile: 'p256', delegateKey: point }, signature }
  const grants: [SignedGrant, ...SignedGrant[]] = grant.grant.maxChildren === 0 ? [grant] : [grant, child]
  return encodeSignedQuery({ query: encodeQuery(query), signature, grants }).length
}

/** The value that takes the most room of those that the template allows. */
function longestOf({ type, allowed }: TemplateParameter): Parameter {
  const size = (value: Parameter) => encodeCbor(value).length
  if (allowed.kind === 'values') return allowed.values.reduce((a, b) => (size(b) > size(a) ? b : a))
  // Of a range, where text may stand for a value: the longest that is read.
  if (type === 'bigint') return { type, value: '-'.padEnd(20, '9') }
  return type === 'timestamp' ? { type, value: '9'.repeat(40) } : allowed.max
}
