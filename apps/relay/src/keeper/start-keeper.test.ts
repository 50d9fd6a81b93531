import { readSubscription, registerDataset, subscribe, subscribeWithPermit } from '@enigma/chain'
import type { Hex } from '@enigma/protocol'
import { startMarketplace, type TestMarketplace } from '@enigma/testing/node'
import { parseEther } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chainMirrorMigrations } from '../chain-mirror/mirror-migrations.ts'
import { createChainMirror } from '../chain-mirror/chain-mirror.ts'
import { openDatabase } from '../store/open-database.ts'
import { keepOnce } from './start-keeper.ts'

let market: TestMarketplace
beforeAll(async () => {
  market = await startMarketplace()
})
afterAll(() => market.stop())

test('renews in the last day those who allowed it, and tries one who cannot pay not in every round', async () => {
  const { publicClient, deployment, testClient } = market
  const [curator, willing, ending, poor] = [0, 1, 2, 3].map((index) => market.wallet(index)) as [
    ReturnType<typeof market.wallet>,
    ReturnType<typeof market.wallet>,
    ReturnType<typeof market.wallet>,
    ReturnType<typeof market.wallet>,
  ]
  const payee = curator.account.address.toLowerCase() as Hex
  const { dataset } = await registerDataset({
    ...{ publicClient, deployment, walletClient: curator, name: 'prices', rate: 1_000_000_000_000n },
    ...{ deposit: parseEther('1000'), trialSeconds: 0 },
    config: { metadataHash: `0x${'11'.repeat(32)}`, publisher: payee, payouts: [{ payee, shareBps: 10_000 }] },
  })
  const write = { publicClient, deployment, dataset }
  await subscribeWithPermit({ ...write, walletClient: willing })
  await subscribeWithPermit({ ...write, walletClient: ending, autoRenew: false })
  await subscribe({ ...write, walletClient: poor, allowedPeriods: 1 })
  const { endSeconds } = await readSubscription({ ...write, account: willing.account.address })
  await testClient.setNextBlockTimestamp({ timestamp: BigInt(endSeconds - 3600) })
  await testClient.mine({ blocks: 1 })

  const database = openDatabase({ path: ':memory:', migrations: chainMirrorMigrations })
  const mirror = createChainMirror({
    publicClient,
    deployment,
    database,
    nowSeconds: () => endSeconds - 3600,
    pollIntervalMs: 20,
  })
  await mirror.start()
  const results: { renewed: number; skipped: number }[] = []
  const triedAtMs = new Map<string, number>()
  const parts = {
    ...{ mirror, publicClient, deployment, walletClient: curator, curators: [payee], nowMs: () => 0 },
    onRenewed: (result: { renewed: number; skipped: number }) => void results.push(result),
    onError: (error: unknown) => {
      throw error
    },
  }
  await keepOnce(parts, triedAtMs)
  await keepOnce(parts, triedAtMs)
  await mirror.stop()
  database.close()

  expect(results).toEqual([{ dataset, renewed: 1, skipped: 1 }])
  const after = await readSubscription({ ...write, account: willing.account.address })
  expect(after.endSeconds).toBe(endSeconds + 30 * 86_400)
  expect((await readSubscription({ ...write, account: ending.account.address })).endSeconds).toBe(endSeconds)
})
