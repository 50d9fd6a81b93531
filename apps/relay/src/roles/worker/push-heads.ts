/** Brings each new head to the dataset's persistence nodes, trying again until they have it or a newer one is out. */
import type { Hex, Manifest } from '@enigma/protocol'
import type { StoredSnapshot } from '../../snapshot/dataset-snapshots.ts'
import { type Clock, sleep } from '../../clock.ts'

/** Offers a snapshot to one node and resolves when the node has taken it. */
export type PushSnapshot = (parameters: {
  dataset: Hex
  peerId: string
  stored: StoredSnapshot
  signal: AbortSignal
}) => Promise<void>

export type HeadPusherParts = {
  push: PushSnapshot
  clock: Clock
  /** This node's own peer id, to which nothing is pushed. */
  peerId: string
  /** Between 0 and 1. */
  random: () => number
  onFailure?: ((failure: { dataset: Hex; peerId: string; attempt: number; error: unknown }) => void) | undefined
}

export type HeadPusher = {
  /** Starts pushing the snapshot to the manifest's persistence nodes, in place of an older one that is still under way. */
  offer(parameters: { dataset: Hex; manifest: Manifest; stored: StoredSnapshot }): void
  stop(): Promise<void>
}

const firstDelayMs = 500
const longestDelayMs = 60_000

/** Creates the pusher. */
export function createHeadPusher(parts: HeadPusherParts): HeadPusher {
  const running = new Map<string, { end: AbortController; done: Promise<void> }>()
  const stopAll = new AbortController()
  const start = (key: string, work: (signal: AbortSignal) => Promise<void>) => {
    const before = running.get(key)
    before?.end.abort()
    const end = new AbortController()
    const signal = AbortSignal.any([end.signal, stopAll.signal])
    const done = (before?.done ?? Promise.resolve()).then(() => work(signal))
    running.set(key, { end, done })
    void done.then(() => running.get(key)?.done === done && running.delete(key))
  }
  return {
    offer({ dataset, manifest, stored }) {
      const nodes = manifest.nodes.filter(
        ({ roles, peerId }) => roles.includes('persistence') && peerId !== parts.peerId,
      )
      for (const { peerId } of nodes) {
        start(`${dataset} ${peerId}`, (signal) => pushUntilTaken({ parts, dataset, peerId, stored, signal }))
      }
    },
    async stop() {
      stopAll.abort()
      await Promise.all([...running.values()].map(({ done }) => done))
    },
  }
}

async function pushUntilTaken({
  parts,
  dataset,
  peerId,
  stored,
  signal,
}: {
  parts: HeadPusherParts
  dataset: Hex
  peerId: string
  stored: StoredSnapshot
  signal: AbortSignal
}): Promise<void> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      await parts.push({ dataset, peerId, stored, signal })
      return
    } catch (error) {
      parts.onFailure?.({ dataset, peerId, attempt, error })
    }
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (attempt - 1)) * (0.5 + parts.random() / 2)
    await sleep({ clock: parts.clock, delayMs, signal })
  }
}
