/** The one signature of a session, asked where a query needs it. */
import { wallet } from '../wallet.svelte.ts'
import type { NextStep } from './console-error.ts'
import type { QueryRunState } from './query-run.svelte.ts'

export class SignInState {
  /** The wallet is asked. */
  isAsked = $state(false)

  /** Asks the wallet; whether a session runs. A refusal is shown as the query's, with what can be done next. */
  async ask(run: QueryRunState, next: readonly NextStep[]): Promise<boolean> {
    if (this.isAsked) return false
    this.isAsked = true
    try {
      const { authorizeSession } = await import('../purchase.svelte.ts')
      await authorizeSession()
      return true
    } catch (error) {
      run.refuse({ ...(await wallet.explain(error)), next })
      return false
    } finally {
      this.isAsked = false
    }
  }
}
