/** An embed asked without the SDK's own checks: what is sent is in the test's hands, and the node alone refuses. */
import { createQueryRun, type MarketplaceClient, type QueryParameters } from '@enigma/client'
import { claimTemplate, createSessionKey } from '@enigma/crypto'
import type { Embed, Parameter } from '@enigma/protocol'

type Change = Partial<Pick<QueryParameters, 'sql' | 'maxRows'>> & { parameters?: Parameter[] }

/** Asks the embed's first template, changed. */
export async function askAs(client: MarketplaceClient, embed: Embed, change: Change) {
  const { dataset, templates, grant } = embed
  const [template] = templates
  if (template === undefined) throw new TypeError('an embed has a template')
  const key = await createSessionKey()
  const claim = await claimTemplate(templates, template.name)
  const { sql, maxRows } = template
  const { maxBytes } = grant.grant.limits
  const query = { dataset, sql, maxRows, maxBytes, parameters: [{ type: 'bigint', value: '2' }] as const, ...change }
  const authorize = () => Promise.resolve({ key, grants: [grant], template: claim })
  return client.extend((inside) => createQueryRun({ ...inside, query, authorize })).collect()
}
