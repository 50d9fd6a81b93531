/**
 * Where the frame looks for the viewer's session. Browsers keep a frame's storage apart from that of its site's own pages;
 * the Storage Access API hands it over after a press: as a handle in Chromium, by opening the store itself in Firefox.
 */
import { findStoredSession, type Session } from '@enigma/client/stored-sessions'
import type { NetworkFile } from '@enigma/protocol'

type AccessHandle = { indexedDB?: IDBFactory } | undefined
type AccessDocument = { requestStorageAccess?: (types: { indexedDB: true }) => Promise<AccessHandle> }

export type SessionStore = {
  find: (network: NetworkFile) => Promise<Session | undefined>
  /** Whether the browser may be asked to hand the store over. */
  readonly isAskable: boolean
  /** To be called on a press; false where the browser or its user refuses. */
  ask: () => Promise<boolean>
}

/** Creates the store; takes up at once what the browser granted before. */
export async function createSessionStore(): Promise<SessionStore> {
  // Of the document it is a method: it must be called on it.
  const page = document as unknown as AccessDocument
  let factory: IDBFactory | undefined
  const ask = async () => {
    try {
      const handle = await page.requestStorageAccess?.({ indexedDB: true })
      factory = handle?.indexedDB
      return true
    } catch {
      return false
    }
  }
  if (await isGranted()) await ask()
  return {
    find: (network) => findStoredSession({ network, ...(factory === undefined ? {} : { factory }) }),
    isAskable: page.requestStorageAccess !== undefined,
    ask,
  }
}

async function isGranted(): Promise<boolean> {
  try {
    const { state } = await navigator.permissions.query({ name: 'storage-access' })
    return state === 'granted'
  } catch {
    // Not every browser knows the permission by this name.
    return false
  }
}
