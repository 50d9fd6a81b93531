/** What the attributes of an element say, checked; every wrong one is told to the page's author. */
import { type Hex, limits, MarketplaceError, parseDatasetPath } from '@enigma/protocol'
import type { AskSource, Question } from '../client/ask.ts'
import type { WidgetSettings, WidgetView } from '../element-types.ts'
import { readAccess, wrongWord } from './access.ts'
import { readNamedParameters, readParameters } from './parameters.ts'

export const views = ['table', 'line', 'bar', 'area', 'value', 'sparkline'] as const satisfies WidgetView[]
const themes = ['auto', 'light', 'dark'] as const
const loadings = ['lazy', 'eager', 'click'] as const

const defaultRows = 100
const leastRefreshSeconds = 5
const mostRefreshSeconds = 86_400

/** Reads attributes and the child that may hold the SQL; `Element` is one. */
export type AttributeSource = {
  getAttribute: (name: string) => string | null
  querySelector: (selector: string) => { textContent: string | null } | null
}

/** How rows are shown. `refreshMs`: undefined for never. */
export type WidgetLook = { view: WidgetView; x: string; ys: readonly string[]; refreshMs: number | undefined }

/**
 * The network to ask: the address of its file, the hash of what is trusted of it where the page names one, and relays in
 * place of those that it names.
 */
export type NetworkChoice = { url: string; anchor: string | undefined; relays: readonly string[] }

/** How to show; throws `setting-invalid`. */
export function readLook(element: AttributeSource): WidgetLook {
  oneOf(element, 'theme', themes)
  oneOf(element, 'loading', loadings)
  const refresh = wholeNumber(element, 'refresh', { least: leastRefreshSeconds, most: mostRefreshSeconds })
  return {
    view: oneOf(element, 'view', views),
    x: attribute(element, 'x'),
    ys: attribute(element, 'y')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
    refreshMs: refresh === undefined ? undefined : refresh * 1000,
  }
}

/** What to ask; throws `setting-invalid`, and what `parseDatasetPath` does. */
export function readSource(element: AttributeSource): AskSource {
  const read = readAccess((name) => attribute(element, name))
  if ('problem' in read) throw invalid(read.problem)
  return read.access === 'grant'
    ? readGrant(element, attribute(element, 'grant'))
    : { kind: read.access, ...readQuestion(element) }
}

function readQuestion(element: AttributeSource): Question {
  const dataset = attribute(element, 'dataset')
  if (dataset === '') throw invalid('The attribute dataset is missing; give <curator address>/<name>.')
  parseDatasetPath(dataset)
  const sql = sqlOf(element)
  if (sql === '') throw invalid('There is no SQL; give the attribute sql or a child <script type="application/sql">.')
  const limit = wholeNumber(element, 'limit', { least: 1, most: limits.sampleRows }) ?? defaultRows
  return { dataset, sql, parameters: readParameters(attribute(element, 'params')), limit }
}

function readGrant(element: AttributeSource, grant: string): AskSource {
  if (!/^0x[0-9a-f]{64}$/i.test(grant))
    throw invalid('The attribute grant must be the id of an embed grant: 0x and 64 hex digits.')
  const template = attribute(element, 'template')
  const parameters = readNamedParameters(attribute(element, 'params'))
  const from = attribute(element, 'grant-url')
  // Relative to the page, whichever that is: what counts here is that it cannot be of another scheme.
  if (!/^https?:$/.test(URL.parse(from, 'https://page.invalid')?.protocol ?? '')) {
    throw invalid("The attribute grant-url must be the http or https address at which the site's server mints grants.")
  }
  const minted = from === '' ? {} : { grantUrl: from }
  const source = { kind: 'grant', grant: grant.toLowerCase() as Hex, ...minted, parameters } as const
  return template === '' ? source : { ...source, template }
}

/** The attribute, else the child script's text. */
function sqlOf(element: AttributeSource): string {
  const sql = attribute(element, 'sql')
  return sql === '' ? (element.querySelector(':scope > script[type="application/sql"]')?.textContent ?? '').trim() : sql
}

/** Whose network is asked; throws `setting-invalid`. `pageUrl` is what relative addresses are relative to. */
export function readNetworkChoice(
  element: AttributeSource,
  { settings, base, pageUrl }: { settings: WidgetSettings; base: string; pageUrl: string },
): NetworkChoice {
  const given = attribute(element, 'network') || (settings.network ?? '')
  const relays = attribute(element, 'relay').split(/\s+/).filter(Boolean)
  const url = given === '' ? new URL('/enigma-network.json', base) : URL.parse(given, pageUrl)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw invalid('The attribute network must be the http or https address of a network file.')
  }
  const anchor = attribute(element, 'anchor')
  if (anchor !== '' && !/^sha256-[A-Za-z0-9+/]{43}=$/.test(anchor)) {
    throw invalid('The attribute anchor must be sha256- and a hash in base64, as the builder of embeds writes it.')
  }
  return {
    ...{ url: url.href, anchor: anchor === '' ? undefined : anchor },
    relays: relays.length > 0 ? relays : (settings.relays ?? []),
  }
}

function attribute(element: AttributeSource, name: string): string {
  return element.getAttribute(name)?.trim() ?? ''
}

/** One of some words, the first where the attribute is absent. */
function oneOf<Word extends string>(element: AttributeSource, name: string, words: readonly [Word, ...Word[]]): Word {
  const given = attribute(element, name)
  const word = given === '' ? words[0] : words.find((each) => each === given)
  if (word !== undefined) return word
  throw invalid(wrongWord(name, given, words).problem)
}

function wholeNumber(
  element: AttributeSource,
  name: string,
  { least, most }: { least: number; most: number },
): number | undefined {
  const given = attribute(element, name)
  if (given === '') return undefined
  const number = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN
  if (number >= least && number <= most) return number
  throw invalid(`The attribute ${name} is "${given.slice(0, 40)}"; use a whole number from ${least} to ${most}.`)
}

function invalid(message: string): MarketplaceError {
  return new MarketplaceError({ code: 'setting-invalid', message })
}
