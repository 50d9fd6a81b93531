/**
 * `GET /catalogue.json`: a page of the catalogue for the first paint of the web app, before its libp2p client is loaded.
 * It is this relay's word alone: the app asks two relays and the chain right after, and shows where they differ.
 */
import { type PageRequest, pageRequestSchema } from '@enigma/network'
import * as v from 'valibot'

/** Reads the query string; undefined when it is not a page request. */
export function parsePageQuery(query: URLSearchParams): PageRequest | undefined {
  const tags = query.getAll('tag')
  const texts = ['text', 'curator', 'minRate', 'maxRate'].flatMap((name) => present(name, query.get(name)))
  const marks = ['hasSample', 'isCurated'].flatMap((name) => (query.get(name) === 'true' ? [[name, true]] : []))
  const parsed = v.safeParse(pageRequestSchema, {
    kind: 'page',
    ...Object.fromEntries([...texts, ...marks]),
    ...(tags.length === 0 ? {} : { tags }),
    sort: query.get('sort') ?? 'rank',
    offset: Number(query.get('offset') ?? 0),
    limit: Number(query.get('limit') ?? 20),
  })
  return parsed.success ? parsed.output : undefined
}

function present(name: string, value: string | null): [string, string][] {
  return value === null || value === '' ? [] : [[name, value]]
}

/** Values of the catalogue as JSON; amounts are decimal text. */
export function catalogueToJson(value: object): string {
  return JSON.stringify(value, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))
}
