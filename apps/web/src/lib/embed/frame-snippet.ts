/** What an owner pastes into an editor that strips scripts: a frame of the relay that holds the same element. */
import { escapeHtml } from '@enigma/result/escape-html'
import type { SnippetParameters } from './snippet.ts'

/** As the relay tells editors by oEmbed. */
const attributesOfAll = [
  ['width', '640'],
  ['height', '380'],
  ['sandbox', 'allow-scripts allow-popups allow-popups-to-escape-sandbox'],
  ['referrerpolicy', 'no-referrer'],
  ['loading', 'lazy'],
] as const

type FrameParameters = Pick<
  SnippetParameters,
  'origin' | 'grant' | 'template' | 'parameters' | 'view' | 'theme' | 'title'
>

/** The frame. Whatever the values hold, it stays inside of its quotes. */
export function frameSnippet({ origin, grant, template, parameters, view, theme, title }: FrameParameters): string {
  const query = new URLSearchParams()
  if (template !== undefined) query.set('template', template)
  if (Object.keys(parameters).length > 0) query.set('params', JSON.stringify(parameters))
  if (view !== 'table') query.set('view', view)
  if (theme !== 'auto') query.set('theme', theme)
  const src = `${origin}/e/${grant}${query.size === 0 ? '' : `?${query.toString()}`}`
  const attributes = [['src', src], ['title', title], ...attributesOfAll] as const
  const lines = attributes.map(([name, value]) => `  ${name}="${escapeHtml(value)}"`)
  return ['<iframe', ...lines, '></iframe>'].join('\n')
}
