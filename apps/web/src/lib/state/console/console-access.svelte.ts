/** What the connected account may ask of a dataset, as the chain has it. */
import { type Hex, limits } from '@enigma/protocol'
import { tick } from 'svelte'
import { wallet } from '../wallet.svelte.ts'

export type AccessTier = 'paid' | 'trial' | 'none'

/** A node may be a few blocks behind what this browser has just seen: so long the query names the block. */
const freshSeconds = 300

export class ConsoleAccessState {
  /** Undefined while it is not known. */
  tier = $state<AccessTier>()
  #minBlock = 0
  #asked = ''

  /** A query waits until it is known what it may ask. */
  isAwaited = $state(false)
  #reading = Promise.resolve()
  #waiting: AbortController | undefined

  /** Reads the chain for an account; where that does not answer, the node will say what the account may ask. */
  read(path: string, account: Hex | undefined): Promise<void> {
    this.#reading = this.#load(path, account).catch(() => undefined)
    return this.#reading
  }

  /** Waits until it is known who is here and what they may ask; false where the query was left meanwhile. */
  async whenKnown(): Promise<boolean> {
    this.#waiting?.abort()
    const waiting = new AbortController()
    this.#waiting = waiting
    this.isAwaited = true
    await wallet.whenSettled()
    // The page hands the account over after what it draws.
    await tick()
    await this.#reading
    if (waiting.signal.aborted) return false
    this.isAwaited = false
    return true
  }

  /** Ends the wait of a query. */
  leave(): void {
    this.#waiting?.abort()
    this.isAwaited = false
  }

  async #load(path: string, account: Hex | undefined): Promise<void> {
    const key = `${path} ${account ?? ''}`
    this.#asked = key
    this.tier = undefined
    this.#minBlock = 0
    if (account === undefined) return
    const money = await wallet.money()
    const { startSeconds, endSeconds, trialEndSeconds } = await money.subscription(path, account)
    // Not older than what was read.
    const block = await money.block()
    if (this.#asked !== key) return
    const now = Math.floor(Date.now() / 1000)
    this.tier = endSeconds > now ? 'paid' : trialEndSeconds > now ? 'trial' : 'none'
    // What was cancelled leaves no trace on chain, and a node that has not seen it yet would answer.
    const isFresh = this.tier !== 'paid' || now - startSeconds < freshSeconds
    this.#minBlock = isFresh ? block : 0
  }

  /** Bounds that the query must keep to and blocks that the node must know. */
  get terms(): { maxRows?: number; minBlock?: number } {
    return {
      ...(this.tier === 'trial' ? { maxRows: limits.trialRows } : {}),
      ...(this.#minBlock === 0 ? {} : { minBlock: this.#minBlock }),
    }
  }
}
