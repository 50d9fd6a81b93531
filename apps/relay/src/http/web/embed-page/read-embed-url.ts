/** The addresses under `/e/`: which embed or dataset is shown, and how; all of it is anybody's text. */
import { datasetIdOf, type Hex, MarketplaceError, parseDatasetPath } from '@enigma/protocol'

const views = ['table', 'line', 'bar', 'area', 'value', 'sparkline'] as const
const themes = ['auto', 'light', 'dark'] as const
const maxParametersLength = 2000
const known: ReadonlySet<string> = new Set(['template', 'params', 'view', 'theme'])

export type EmbedLook = {
  view: (typeof views)[number]
  theme: (typeof themes)[number]
  /** One of an embed's templates; undefined for its only one. */
  template: string | undefined
  /** JSON of values by name; undefined for the first ones that are allowed. */
  params: string | undefined
}

/** What a page shows: an embed by its id, or the free sample of a dataset by its path. */
export type EmbedTarget = { kind: 'embed'; id: Hex } | { kind: 'sample'; path: string; dataset: Hex }

/** Reads `/e/<id>` and `/e/d/<curator>/<name>`; undefined for any other path. */
export function readEmbedPath(pathname: string): EmbedTarget | undefined {
  const [, id] = /^\/e\/(0x[0-9a-f]{64})$/i.exec(pathname) ?? []
  if (id !== undefined) return { kind: 'embed', id: id.toLowerCase() as Hex }
  const [, path] = /^\/e\/d\/(0x[0-9a-fA-F]{40}\/[a-z0-9_]{3,31})$/.exec(pathname) ?? []
  return path === undefined ? undefined : sampleOf(path)
}

/** What the address of a page of this relay shows: one under `/e/`, or a dataset's own page. */
export function readPageUrl(url: URL): EmbedTarget | undefined {
  const [, path] = /^\/d\/(0x[0-9a-fA-F]{40}\/[a-z0-9_]{3,31})\/?$/.exec(url.pathname) ?? []
  return path === undefined ? readEmbedPath(url.pathname) : sampleOf(path)
}

function sampleOf(path: string): EmbedTarget | undefined {
  try {
    return { kind: 'sample', path: path.toLowerCase(), dataset: datasetIdOf(parseDatasetPath(path.toLowerCase())) }
  } catch (error) {
    if (error instanceof MarketplaceError) return undefined
    throw error
  }
}

/** How it is shown; undefined where a value is none that is known, or one is given twice. */
export function readEmbedLook(query: URLSearchParams): EmbedLook | undefined {
  const names = [...query.keys()]
  if (names.length !== new Set(names).size || names.some((name) => !known.has(name))) return undefined
  const view = views.find((each) => each === (query.get('view') ?? 'table'))
  const theme = themes.find((each) => each === (query.get('theme') ?? 'auto'))
  const template = query.get('template') ?? undefined
  const params = query.get('params') ?? undefined
  if (view === undefined || theme === undefined) return undefined
  if (template !== undefined && !/^[a-z_][a-z0-9_]{0,62}$/.test(template)) return undefined
  return params !== undefined && !isValues(params) ? undefined : { view, theme, template, params }
}

/** The same look as a query string, with its question mark; empty for the usual look. */
export function embedLookQuery({ view, theme, template, params }: EmbedLook): string {
  const query = new URLSearchParams()
  if (template !== undefined) query.set('template', template)
  if (params !== undefined) query.set('params', params)
  if (view !== 'table') query.set('view', view)
  if (theme !== 'auto') query.set('theme', theme)
  return query.size === 0 ? '' : `?${query.toString()}`
}

/** The path of the page that shows it. */
export function embedPathOf(target: EmbedTarget): string {
  return target.kind === 'embed' ? `/e/${target.id}` : `/e/d/${target.path}`
}

function isValues(text: string): boolean {
  if (text.length > maxParametersLength) return false
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
