/**
 * Loads the rest of the widget, each file proven by its hash: an element with `integrity` puts exactly these bytes into the
 * page's module map, and `import()` of the same address takes them from there. A page's policy needs to allow the loader's
 * own origin as script source and nothing else. Whatever does not match is refused and never run.
 */
import type { LoadPart, PartFiles, WidgetPart } from '../contract.ts'

const proven = new Map<string, Promise<unknown>>()

/** Creates the loader of parts; the nonce is that of the script that brought it. */
export function createPartLoader(files: PartFiles, base: () => string): LoadPart {
  const prove = (name: string, integrity: string): Promise<unknown> => {
    const href = new URL(name, base()).href
    let proof = proven.get(href)
    if (proof === undefined) {
      proof = new Promise((resolve, reject) => {
        const element = elementFor(href)
        const nonce = document.querySelector<HTMLScriptElement>('script[src*="enigma-query"]')?.nonce
        if (nonce) element.nonce = nonce
        Object.assign(element, { crossOrigin: 'anonymous', integrity })
        element.onload = resolve
        element.onerror = () =>
          reject(new Error(`The widget's file ${name} cannot be loaded or is not the one it should be.`))
        document.head.append(element)
      })
      proven.set(href, proof)
      // It may have been the network: who asks again has it fetched again.
      proof.catch(() => proven.delete(href))
    }
    return proof
  }
  return async <Module>(part: WidgetPart) => {
    const proofs: Promise<unknown>[] = []
    for (const [name, integrity] of files[part]) {
      const proof = prove(name, integrity)
      proofs.push(proof)
      // A file that was refused is asked for again, unproven, by the next one that imports it: there must be none.
      if (!checksPreloads()) await proof
    }
    await Promise.all(proofs)
    const [entry = ''] = files[part].at(-1) ?? []
    return (await import(/* @vite-ignore */ new URL(entry, base()).href)) as Module
  }
}

/**
 * Chromium and Firefox check a `modulepreload`, which every policy for Trusted Types lets through. WebKit does not: there a
 * module's own script element is checked; it evaluates the module, which has no effect by itself.
 */
function checksPreloads(): boolean {
  return !navigator.vendor.startsWith('Apple') && document.createElement('link').relList.supports('modulepreload')
}

function elementFor(href: string): HTMLLinkElement | HTMLScriptElement {
  return checksPreloads()
    ? Object.assign(document.createElement('link'), { rel: 'modulepreload', href })
    : Object.assign(document.createElement('script'), { type: 'module', src: href })
}
