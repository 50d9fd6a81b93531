/** What the connected account may ask of a dataset, as the chain has it. */
import { limits } from '@enigma/protocol'
import type { Hex } from '@enigma/protocol'
import { wallet } from '../wallet.svelte.ts'

export type AccessTier = 'paid' | 'trial' | 'none'

/** A node may be a few blocks behind what this browser has just seen: so long the query names the block. */
const freshSeconds = 300

export class ConsoleAccessState {
  /** Undefined while it is not known. */
  tier = $state<AccessTier>()
  #minBlock = 0
  #asked = ''

  /** Reads the chain for an account; what was read for another one is dropped at once. */
  async load(path: string | undefined, account: Hex | undefined): Promise<void> {
    const key = `${path ?? ''} ${account ?? ''}`
    this.#asked = key
    this.tier = undefined
    this.#minBlock = 0
    if (path === undefined || account === undefined) return
    const { money } = await wallet.parts()
    const block = await money.block()
    const { startSeconds, endSeconds, trialEndSeconds } = await money.subscription(path, account)
    if (this.#asked !== key) return
    const now = Math.floor(Date.now() / 1000)
    this.tier = endSeconds > now ? 'paid' : trialEndSeconds > now ? 'trial' : 'none'
    const isFresh = this.tier === 'trial' || now - startSeconds < freshSeconds
    this.#minBlock = this.tier !== 'none' && isFresh ? block : 0
  }

  /** Bounds that the query must keep to and blocks that the node must know. */
  get terms(): { maxRows?: number; minBlock?: number } {
    return {
      ...(this.tier === 'trial' ? { maxRows: limits.trialRows } : {}),
      ...(this.#minBlock === 0 ? {} : { minBlock: this.#minBlock }),
    }
  }
}
