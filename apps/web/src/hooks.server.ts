/**
 * Runs while pages are prerendered, and never again: a page names every file that it begins with, so that a browser loads
 * them side by side and not one round trip after the other. The framework leaves out what is shared with lazy parts.
 */
import { readFileSync } from 'node:fs'
import type { Handle } from '@sveltejs/kit/hooks'
import { dev } from '$app/env'

/** The framework's page for errors, which it waits for on every page. */
const errorPage = '/generated/build/client-optimized/nodes/1.js'
/** What the console asks for before anything is pressed. */
const consoleParts = /lib\/state\/(?:read-network-file|create-decode-worker)\.ts$/
/** Vite's manifest, by module or chunk. */
type Built = Record<string, { file: string; imports?: string[] }>

export const handle: Handle = ({ event, resolve }) => {
  if (dev) return resolve(event)
  const isConsole = event.url.pathname === '/console'
  return resolve(event, {
    transformPageChunk: ({ html }) => html.replace('</head>', (end) => `${linksOf(html, isConsole)}${end}`),
  })
}

function linksOf(html: string, isConsole: boolean): string {
  const built = JSON.parse(readFileSync('.svelte-kit/output/client/.vite/manifest.json', 'utf8')) as Built
  const named = new Set<string>()
  const linksTo = (isWanted: (key: string, file: string) => boolean, attributes = ''): string => {
    const keys = Object.entries(built).flatMap(([key, { file }]) => (isWanted(key, file) ? [key] : []))
    const files = filesOf(built, keys).filter((file) => !html.includes(file) && !named.has(file))
    for (const file of files) named.add(file)
    return files.map((file) => `<link rel="modulepreload" href="/${file}"${attributes}>`).join('')
  }
  const own = linksTo((key, file) => (file.endsWith('.js') && html.includes(file)) || key.endsWith(errorPage))
  if (!isConsole) return own
  return own + linksTo((key) => consoleParts.test(key))
}

/** Files of modules and of all that they import, each once. */
function filesOf(built: Built, keys: readonly string[]): string[] {
  const files = new Set<string>()
  const add = (key: string): void => {
    const { file, imports = [] } = built[key] ?? { file: '' }
    if (file === '' || files.has(file)) return
    files.add(file)
    for (const each of imports) add(each)
  }
  for (const key of keys) add(key)
  return [...files]
}
