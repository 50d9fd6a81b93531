/** The nodes that would take a dataset of the connected account, each with its terms. */
import type { Hex } from '@enigma/protocol'
import type { ShownError } from '#lib/format/shown-error.ts'
import type { NodeTerms } from '#lib/publish/check-draft.ts'
import { app } from '../app.svelte.ts'
import { toShownError } from '../to-shown-error.ts'

export class AcceptingNodesState {
  /** Undefined while they are asked. */
  list = $state.raw<readonly NodeTerms[]>()
  /** Nodes that relays name and that did not answer. */
  silent = $state(0)
  error = $state.raw<ShownError>()
  #account: Hex | undefined
  #running: AbortController | undefined

  /** Asks for an account, once; `isAgain` asks anew. */
  async load(account: Hex | undefined, { isAgain = false } = {}): Promise<void> {
    if (account === this.#account && !isAgain) return
    this.#running?.abort()
    this.#account = account
    this.list = undefined
    this.error = undefined
    if (account === undefined) return
    const running = new AbortController()
    this.#running = running
    try {
      const [client, { createPublishing }] = await Promise.all([app.client(), import('./publish-work.ts')])
      const { nodes, silent } = await client
        .extend(createPublishing)
        .nodes({ curator: account, signal: running.signal })
      if (running.signal.aborted) return
      this.list = nodes.map(({ terms }) => terms).toSorted(byOffer)
      this.silent = silent.length
    } catch (error) {
      if (!running.signal.aborted) this.error = toShownError(error)
    }
  }
}

/** Those with a place first, then those that ask for less. */
function byOffer(a: NodeTerms, b: NodeTerms): number {
  return (
    Number(b.places > 0) - Number(a.places > 0) || a.shareBps - b.shareBps || (a.minDeposit < b.minDeposit ? -1 : 1)
  )
}
