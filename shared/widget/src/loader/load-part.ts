/**
 * Loads the rest of the widget, each file proven by its hash: a `modulepreload` with `integrity` puts exactly these bytes
 * into the page's module map, and `import()` of the same address takes them from there. A page's policy needs to allow
 * the loader's own origin as script source and nothing else. Whatever does not match is refused and never run.
 */
import type { LoadPart, PartFiles, WidgetPart } from '../contract.ts'

const preloads = new Map<string, Promise<unknown>>()

/** Creates the loader of parts; the nonce is that of the script that brought it. */
export function createPartLoader(files: PartFiles, base: () => string): LoadPart {
  const preload = (name: string, integrity: string): Promise<unknown> => {
    const href = new URL(name, base()).href
    const known = preloads.get(href)
    if (known !== undefined) return known
    const preloaded = new Promise((resolve, reject) => {
      const link = document.createElement('link')
      const nonce = document.querySelector<HTMLScriptElement>('script[src*="enigma-query"]')?.nonce
      if (nonce) link.nonce = nonce
      Object.assign(link, { rel: 'modulepreload', crossOrigin: 'anonymous', integrity, href })
      link.onload = resolve
      link.onerror = () =>
        reject(new Error(`The widget's file ${name} cannot be loaded or is not the one it should be.`))
      document.head.append(link)
    })
    preloads.set(href, preloaded)
    return preloaded
  }
  return async <Module>(part: WidgetPart) => {
    // Without it a file would be fetched unproven.
    if (!document.createElement('link').relList.supports('modulepreload')) {
      throw new Error('This browser cannot check the code of the widget; a newer one can.')
    }
    await Promise.all(files[part].map(([name, integrity]) => preload(name, integrity)))
    const [entry = ''] = files[part][0] ?? []
    return (await import(/* @vite-ignore */ new URL(entry, base()).href)) as Module
  }
}
