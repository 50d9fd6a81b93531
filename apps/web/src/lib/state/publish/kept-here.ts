/** The one store of this page's network, opened when it is first needed. */
import { app } from '../app.svelte.ts'
import type { PublishStore } from './publish-store.ts'

let opened: Promise<PublishStore> | undefined

export function publishStore(): Promise<PublishStore> {
  opened ??= open().catch((error: unknown) => {
    opened = undefined
    throw error
  })
  return opened
}

async function open(): Promise<PublishStore> {
  const [{ chainId, marketplace }, { openPublishStore }] = await Promise.all([
    app.loadNetwork(),
    import('./publish-store.ts'),
  ])
  return openPublishStore(`${chainId}:${marketplace}`)
}
