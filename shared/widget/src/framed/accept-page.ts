/** The frame's side of the one handshake: who holds it, over which port, and nobody else from then on. */
import { MarketplaceError } from '@enigma/protocol'
import {
  createMessageBound,
  type FramedValues,
  type FromFrame,
  nonceOf,
  readFirst,
  readToFrame,
  type ToFrame,
} from './words.ts'

export type HoldingPage = {
  /** As the browser tells it, such as `https://blog.example`. */
  origin: string
  values: FramedValues
  tell: (word: FromFrame) => void
  /** To be called once. `onFlood`: the page has said too much; nothing is heard any more. */
  listen: (onWord: (word: ToFrame) => void, onFlood: () => void) => void
}

/**
 * Waits for the page that holds this frame; throws `setting-invalid` where nobody does, or where a page within a page
 * does: its viewer would be asked about a site that the browser's address line does not name.
 */
export async function acceptPage(): Promise<HoldingPage> {
  const nonce = nonceOf(location.hash)
  if (window.parent === window || nonce === undefined) throw refused('This page is a part of others, held by them.')
  if (window.parent !== window.top) throw refused('A page within a page cannot show these rows; open it by itself.')
  const { promise, resolve } = Promise.withResolvers<HoldingPage>()
  const onMessage = (event: MessageEvent) => {
    const [port] = event.ports
    // A page without an origin of its own cannot be named to the viewer.
    const isNamed = /^https?:\/\//.test(event.origin)
    if (event.source !== window.parent || !isNamed || port === undefined || event.ports.length > 1) return
    const values = readFirst(event.data, nonce)
    if (values === undefined) return
    removeEventListener('message', onMessage)
    port.postMessage({ kind: 'ready', nonce } satisfies FromFrame)
    resolve(createPage(event.origin, values, port))
  }
  addEventListener('message', onMessage)
  return promise
}

function createPage(origin: string, values: FramedValues, port: MessagePort): HoldingPage {
  const take = createMessageBound()
  return {
    ...{ origin, values, tell: (word) => port.postMessage(word) },
    listen(onWord, onFlood) {
      port.onmessage = ({ data }) => {
        if (!take()) {
          // What is under way is not delivered to a port that is closed.
          port.close()
          onFlood()
          return
        }
        const word = readToFrame(data)
        if (word !== undefined) onWord(word)
      }
    },
  }
}

function refused(message: string): MarketplaceError {
  return new MarketplaceError({ code: 'setting-invalid', message })
}
