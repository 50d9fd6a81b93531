/** A query by an embed: one of its templates, signed by a key that lives as long as the page. */
import { claimTemplate, createSessionKey, type SessionKey } from '@enigma/crypto'
import {
  type Embed,
  type ErrorCode,
  type GrantChain,
  type GrantLimits,
  type Hex,
  MarketplaceError,
  type SignedGrant,
  type Template,
} from '@enigma/protocol'
import type { AskingInside } from '../create-asking.ts'
import type { QueryParameters } from '../query/query-request.ts'
import { type AuthorizedAttempt, createQueryRun, type QueryRun } from '../query/query-run.ts'
import type { FindEmbed } from './find-embed.ts'
import { bindParameters, type ParameterValues } from './parameter-values.ts'

/** What a site's own server gave to this visitor: a grant below the embed's, and the key that it is for. */
export type MintedGrant = { grant: SignedGrant; key: SessionKey }

export type AskEmbedParameters = Pick<
  QueryParameters,
  'path' | 'transport' | 'webrtcOnly' | 'maxRows' | 'maxBytes' | 'minBlock' | 'signal' | 'onProgress'
> & {
  /** The embed's id. */
  grant: Hex
  /** Its name; may be left out where the embed has one. */
  template?: string
  parameters?: ParameterValues
  /** Where the page stands, such as `location.origin`; refused here when the grant is for others. */
  origin?: string
  /** Of an embed that its site's server mints for each visitor. */
  minted?: MintedGrant
  /** In its place: has the site's server mint one for this page's own key; `isFresh` where the one before no longer counts. */
  mint?: MintForVisitor
}

export type MintForVisitor = (parameters: {
  /** 65 bytes. */
  visitorKey: Hex
  isFresh: boolean
  signal: AbortSignal | undefined
}) => Promise<SignedGrant>

/** What a node says of a grant that a later revision may stand in for. */
const renewable: ReadonlySet<ErrorCode> = new Set(['grant-superseded', 'grant-revoked', 'grant-expired'])

export type AskEmbed = (parameters: AskEmbedParameters) => Promise<QueryRun>

/** Creates what asks; the run throws as any query, and before it `grant-unknown`, `grant-paused`, `template-unknown`, … */
export function createAskEmbed(inside: AskingInside, find: FindEmbed): AskEmbed {
  let visitor: Promise<SessionKey> | undefined
  return async ({ grant: id, template: name, parameters: values = {}, origin, minted, mint, ...ask }) => {
    const embed = await find({ id, signal: ask.signal })
    const planOf = (present: Embed, template = name): Plan => {
      checkOrigin(present.grant.grant.origin, origin)
      return planQuery(present, templateOf(present, template), { ...ask, values })
    }
    let plan = planOf(embed)
    const authorize = async (attempt: number, { hasRows }: { hasRows: boolean }): Promise<AuthorizedAttempt> => {
      const present = attempt === 1 ? embed : await find({ id, isFresh: true, signal: ask.signal })
      const next = planOf(present, plan.template.name)
      requireSame(embed.dataset, present.dataset)
      // Rows that were shown are of the terms that they were asked by; before them, the present terms are as good.
      if (hasRows) requireNoNarrower(plan, next)
      else plan = next
      const key = minted?.key ?? (await (visitor ??= createSessionKey()))
      const template = await claimTemplate(present.templates, plan.template.name)
      const asked = mint?.({ visitorKey: key.publicKey, isFresh: attempt > 1, signal: ask.signal })
      const below = minted?.grant ?? (await asked)
      const grants: GrantChain = below === undefined ? [present.grant] : [present.grant, below]
      return { key, grants, template, asked: plan.asked }
    }
    const query = { ...ask, ...plan.asked, dataset: embed.dataset }
    const signers = embed.grant.grant.nodes.map(({ signer }) => signer)
    return createQueryRun({ ...inside, query, authorize, renewable, signers })
  }
}

/** What is asked by the terms of one revision. */
type Plan = { template: Template; limits: GrantLimits; asked: NonNullable<AuthorizedAttempt['asked']> }

function planQuery(
  { grant: { grant } }: Embed,
  template: Template,
  ask: Pick<AskEmbedParameters, 'maxRows' | 'maxBytes'> & { values: ParameterValues },
): Plan {
  const { limits } = grant
  const asked = {
    sql: template.sql,
    parameters: bindParameters(template, ask.values),
    maxRows: Math.min(ask.maxRows ?? template.maxRows, template.maxRows, limits.maxRows),
    maxBytes: Math.min(ask.maxBytes ?? limits.maxBytes, limits.maxBytes),
  }
  return { template, limits, asked }
}

/** For honest browsers only: whoever writes their own client says what they like. */
function checkOrigin(allowed: string, origin: string | undefined): void {
  if (allowed === '' || origin === undefined || allowed.split(' ').includes(origin)) return
  throw new MarketplaceError({
    code: 'grant-invalid',
    message: 'This embed is for another site; have its owner add this one, or make an embed of your own.',
    details: origin,
  })
}

function requireSame(before: string, now: string): void {
  if (before !== now) throw changed()
}

/** A query of which rows were shown keeps its SQL, its parameters and its bounds. */
function requireNoNarrower(before: Plan, now: Plan): void {
  const isNarrower = now.limits.maxRows < before.limits.maxRows || now.limits.maxBytes < before.limits.maxBytes
  if (isNarrower || JSON.stringify(before.template) !== JSON.stringify(now.template)) throw changed()
}

function changed(): MarketplaceError {
  const message = 'The owner of this embed has changed what it gives; ask again.'
  return new MarketplaceError({ code: 'grant-superseded', message })
}

function templateOf({ templates }: Embed, name: string | undefined): Template {
  const named = name === undefined ? templates : templates.filter((template) => template.name === name)
  const [template, ...others] = named
  if (template !== undefined && others.length === 0) return template
  throw new MarketplaceError({
    code: 'template-unknown',
    message: 'Name one of the templates of this embed.',
    details: templates.map((each) => each.name).join(', '),
  })
}
