/** The Merkle tree over a grant's templates: what its root covers, and a query's proof that its SQL is one of them. */
import { encodeCbor, type Hex, MarketplaceError, type Template, type TemplateClaim } from '@enigma/protocol'
import { hashLeaf, merkleProof, merkleRoot, rootOfProof } from './merkle.ts'

/** The templates root of a grant; the order of the templates counts. */
export async function templatesRootOf(templates: readonly Template[]): Promise<Hex> {
  return merkleRoot(await Promise.all(templates.map(hashTemplate)))
}

/** The claim that goes with a query of a template; throws `template-unknown` where there is none of the name. */
export async function claimTemplate(templates: readonly Template[], name: string): Promise<TemplateClaim> {
  const index = templates.findIndex((template) => template.name === name)
  const template = templates[index]
  if (template === undefined) throw templateUnknown(name)
  const terms = { name, parameters: template.parameters, maxRows: template.maxRows }
  const proof = await merkleProof(await Promise.all(templates.map(hashTemplate)), index)
  return { terms, index, count: templates.length, proof }
}

/** The templates root that a query's SQL and claim lead to; undefined for a proof that fits no tree. */
export async function rootOfClaim({ sql, claim }: { sql: string; claim: TemplateClaim }): Promise<Hex | undefined> {
  const { terms, index, count, proof } = claim
  return rootOfProof({ leafHash: await hashTemplate({ ...terms, sql }), index, count, proof })
}

function hashTemplate(template: Template): Promise<Uint8Array> {
  return hashLeaf(encodeCbor(template))
}

/** The refusal of a query whose SQL is no template of its grant. */
export function templateUnknown(details: string): MarketplaceError {
  return new MarketplaceError({
    code: 'template-unknown',
    message: 'The grant allows named templates only, and this is none of them.',
    details,
  })
}
