/** The one seam to the data: a sample, or what a grant allows; both give the SDK's running query. */
import type { AskEmbedParameters, QueryProgress, QueryRun, SampleParameters } from '@enigma/client/visitor'
import { type Hex, MarketplaceError, type Parameter } from '@enigma/protocol'
import type { NamedParameters } from '../core/parameters.ts'

/** What is asked. `template`: the grant's only one when absent. */
export type AskSource =
  | { kind: 'sample'; dataset: string; sql: string; parameters: readonly Parameter[]; limit: number }
  | { kind: 'grant'; grant: Hex; template?: string; parameters: NamedParameters }

/** What of an SDK client is used; one that knows no grants has no `embed`. */
export type AskingClient = {
  sample: (parameters: SampleParameters) => QueryRun
  embed?: (parameters: AskEmbedParameters) => Promise<QueryRun>
}

export type AskParameters = {
  source: AskSource
  client: AskingClient
  signal: AbortSignal
  onProgress: (progress: QueryProgress) => void
}

/** Begins a query; throws `setting-invalid` where the client cannot ask it, and why a grant gives none. */
export async function ask({ source, client, signal, onProgress }: AskParameters): Promise<QueryRun> {
  if (source.kind === 'sample') {
    const { dataset, sql, parameters, limit } = source
    return client.sample({ dataset, sql, parameters, maxRows: limit, signal, onProgress })
  }
  if (client.embed === undefined) {
    const message =
      'This client of the SDK cannot ask by grants (it has no `embed`); use access="sample" or a newer client.'
    throw new MarketplaceError({ code: 'setting-invalid', message })
  }
  const { grant, template, parameters } = source
  const named = template === undefined ? {} : { template }
  return client.embed({ grant, ...named, parameters, origin: location.origin, signal, onProgress })
}
