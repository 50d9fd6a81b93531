/** How one widget comes to its rows: by the page's shared client, sharing what other widgets ask at the same time. */
import type { QueryProgress } from '@enigma/client/visitor'
import { type AskingClient, type AskSource, ask } from '../client/ask.ts'
import { type Lease, leaseClient } from '../client/page-client.ts'
import { type Answer, receive } from '../client/receive.ts'
import { createSharedWork } from '../client/shared-work.ts'
import { createTurns } from '../client/turns.ts'
import type { WidgetHost } from '../contract.ts'
import { readNetworkChoice } from './options.ts'

/** Queries of one page that run at once, fewer than a node answers one address at once; the others wait for their turn. */
const mostQueries = 3

const shareAsk = createSharedWork<Answer, QueryProgress>()
const inTurn = createTurns(mostQueries)

export type WidgetAsking = {
  /** Asks; throws what went wrong, or the signal's reason. */
  ask: (source: AskSource, options: { signal: AbortSignal; onStep: (step: QueryProgress) => void }) => Promise<Answer>
  /** Leaves the shared client. */
  end: () => void
}

/** Creates the asking of one element; a client is leased when it first asks. */
export function createWidgetAsking({ element, settings, base, load, authorize }: WidgetHost): WidgetAsking {
  let leased: { key: string; lease: Lease } | undefined
  let hasFailed = false

  /** The page's own client, or the shared one of the network that the attributes name now. */
  const clientOf = (): { client: Promise<AskingClient>; key: string } => {
    if (settings.client !== undefined) return { client: Promise.resolve(settings.client as AskingClient), key: 'own' }
    const choice = readNetworkChoice(element, { settings, base, pageUrl: document.baseURI })
    const key = JSON.stringify(choice)
    if (leased?.key !== key || hasFailed) {
      // The new one before the old one is left: the same client goes on.
      const before = leased?.lease
      leased = { key, lease: leaseClient(choice, load) }
      before?.leave()
    }
    return { client: leased.lease.client, key }
  }
  return {
    async ask(source, { signal, onStep }) {
      try {
        const session = source.kind === 'viewer' ? await authorize?.(source, signal) : undefined
        const { client, key } = clientOf()
        const answer = await shareAsk({
          ...{ key: JSON.stringify([key, source]), signal, onStep },
          begin: (shared) =>
            inTurn(shared.signal, async () => {
              const steps = { signal: shared.signal, onProgress: shared.onStep }
              return receive(await ask({ source, session, client: await client, ...steps }))
            }),
        })
        hasFailed = false
        return answer
      } catch (error) {
        hasFailed = !signal.aborted
        throw error
      }
    },
    end() {
      leased?.lease.leave()
      leased = undefined
    },
  }
}
