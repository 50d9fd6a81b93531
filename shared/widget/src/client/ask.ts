/** The one seam to the data: a sample, or what a grant allows; both give the SDK's running query. */
import type {
  AskEmbedParameters,
  QueryProgress,
  QueryRun,
  SampleParameters,
  Session,
  SessionQueryParameters,
} from '@enigma/client/visitor'
import { type Hex, MarketplaceError, type Parameter } from '@enigma/protocol'
import type { NamedParameters } from '../core/parameters.ts'
import { minterAt } from './minter-at.ts'

/** One question about a dataset. */
export type Question = { dataset: string; sql: string; parameters: readonly Parameter[]; limit: number }

/** What is asked: a free sample, what a grant allows (`template`: its only one when absent), or as a subscriber. */
export type AskSource =
  | ({ kind: 'sample' } & Question)
  | ViewerSource
  | { kind: 'grant'; grant: Hex; grantUrl?: string; template?: string; parameters: NamedParameters }
export type ViewerSource = { kind: 'viewer' } & Question

/** What of an SDK client is used; one that knows no grants has no `embed`, one that knows no sessions no `query`. */
export type AskingClient = {
  sample: (parameters: SampleParameters) => QueryRun
  embed?: (parameters: AskEmbedParameters) => Promise<QueryRun>
  query?: (parameters: SessionQueryParameters) => QueryRun
}

export type AskParameters = {
  source: AskSource
  client: AskingClient
  /** Of the viewer; there is none outside of a frame. */
  session?: Session | undefined
  signal: AbortSignal
  onProgress: (progress: QueryProgress) => void
}

/** Begins a query; throws `setting-invalid` where the client cannot ask it, and why a grant gives none. */
export async function ask({ source, client, session, signal, onProgress }: AskParameters): Promise<QueryRun> {
  if (source.kind !== 'grant') {
    const { dataset, sql, parameters, limit } = source
    const question = { dataset, sql, parameters, maxRows: limit, signal, onProgress }
    if (source.kind === 'sample') return client.sample(question)
    if (client.query === undefined || session === undefined) throw unable('as a viewer', 'query')
    return client.query({ ...question, session })
  }
  if (client.embed === undefined) throw unable('by grants', 'embed')
  const { grant, grantUrl, template, parameters } = source
  const named = template === undefined ? {} : { template }
  const minted = grantUrl === undefined ? {} : { mint: minterAt({ url: grantUrl, grant }) }
  return client.embed({ grant, ...named, ...minted, parameters, origin: location.origin, signal, onProgress })
}

function unable(how: string, method: string): MarketplaceError {
  const message = `This client of the SDK cannot ask ${how} (it has no \`${method}\`); use access="sample" or a newer client.`
  return new MarketplaceError({ code: 'setting-invalid', message })
}
