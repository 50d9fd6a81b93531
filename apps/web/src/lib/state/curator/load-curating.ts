/** The studio's verbs, made once the wallet's parts are here. */
import type { Curating } from '#lib/wallet/curating.ts'
import { app } from '../app.svelte.ts'
import { wallet } from '../wallet.svelte.ts'

let loading: Promise<Curating> | undefined

/** A failed load is tried again by the next caller. */
export function loadCurating(): Promise<Curating> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined
    throw error
  })
  return loading
}

async function load(): Promise<Curating> {
  const [network, { money }, { createCurating }] = await Promise.all([
    app.loadNetwork(),
    wallet.parts(),
    import('#lib/wallet/curating.ts'),
  ])
  const nowSeconds = () => Math.floor(Date.now() / 1000)
  return createCurating({ network, publicClient: money.publicClient, nowSeconds })
}
