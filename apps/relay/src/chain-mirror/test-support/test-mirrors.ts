/** Mirrors of a test's own chain that are stopped when the test is over, and how to replace that chain's newest blocks. */
import { expect, vi } from 'vitest'
import { openDatabase } from '../../store/open-database.ts'
import { createChainMirror, type ChainMirror, type CreateChainMirrorParameters } from '../chain-mirror.ts'
import { chainMirrorMigrations } from '../mirror-migrations.ts'

const waiting = { timeout: 20_000, interval: 10 }

type TestChain = Pick<CreateChainMirrorParameters, 'publicClient' | 'deployment'>

export type TestMirrors = {
  /** Seconds that the nodes' clock is ahead of the machine's; 0 again once the test is over. */
  skewSeconds: number
  /** Follows the chain, its database in memory, unless told otherwise. */
  createMirror: (chain: TestChain, parameters?: Partial<CreateChainMirrorParameters>) => ChainMirror
  /** Stops them all. */
  stop: () => Promise<void>
}

export function createTestMirrors(): TestMirrors {
  const mirrors: ChainMirror[] = []
  const all: TestMirrors = {
    skewSeconds: 0,
    createMirror({ publicClient, deployment }, parameters = {}) {
      const mirror = createChainMirror({
        ...{ publicClient, deployment, pollIntervalMs: 20, maxHeadAgeSeconds: 3600 },
        database: openDatabase({ path: ':memory:', migrations: chainMirrorMigrations }),
        nowSeconds: () => Math.floor(Date.now() / 1000) + all.skewSeconds,
        ...parameters,
      })
      mirrors.push(mirror)
      return mirror
    },
    async stop() {
      for (const mirror of mirrors.splice(0)) await mirror.stop()
      all.skewSeconds = 0
    },
  }
  return all
}

/** Waits until the mirror's head is the chain's, block hash for block hash. */
export async function settle({ publicClient }: TestChain, mirror: ChainMirror): Promise<void> {
  await vi.waitFor(async () => expect(mirror.head?.hash).toBe((await publicClient.getBlock()).hash), waiting)
}

/** Replaces the newest blocks by as many empty ones. */
export async function reorganise({ publicClient }: TestChain, depth: number): Promise<void> {
  await publicClient.request({ method: 'anvil_reorg', params: [depth, []] } as never)
}
