/** A curator at work: her dataset on the demo's network, her wallet, a chain of the test's own, and time that passes. */
import type { Page } from '@playwright/test'
import { parseEther } from 'viem'
import { unsubscribe, subscribe, readDataset } from '@enigma/chain'
import { datasetIdOf, parseDatasetPath } from '@enigma/protocol'
import { privateKeyToAccount, generatePrivateKey } from 'viem/accounts'
import { type ListedDataset, listDataset } from './list-dataset.ts'
import { type OwnChain, startOwnChain } from './own-chain.ts'
import { open, test as base } from './test.ts'
import { installWallet, type TestWallet } from './test-wallet.ts'
import { connect } from './wallet-world.ts'

export type CuratorWorld = {
  chain: OwnChain
  /** Its first account lists the dataset, the second one lists nothing. */
  wallet: TestWallet
  dataset: ListedDataset
  /** Somebody subscribes; returns how she leaves again. */
  subscribeOther: () => Promise<{ leave: () => Promise<void> }>
  /** Lets time pass on the chain. */
  pass: (seconds: number) => Promise<void>
  state: () => Promise<NonNullable<Awaited<ReturnType<typeof readDataset>>>>
}

const directory = () => process.env['E2E_DIRECTORY'] ?? ''

/** Lists what every test of a file works with. */
export function listPrices(): Promise<ListedDataset> {
  const columns = [
    { name: 'id', type: 'bigint', encryption: 'none' },
    { name: 'price', type: 'double', unit: 'ENG', encryption: 'none' },
  ]
  return listDataset({
    ...{ directory: directory(), prefix: 'prices', table: 'prices', price: '10', deposit: '30' },
    rows: [
      { id: 1, price: 2.5 },
      { id: 2, price: 3 },
    ],
    description: {
      title: 'Prices of the studio’s test',
      description: 'Two prices.',
      licence: 'CC0',
      tags: ['prices'],
      tables: [{ name: 'prices', description: 'Prices', key: ['id'], columns }],
      sample: [{ table: 'prices', rows: 2 }],
      trialSeconds: 0,
      storage: { engine: 'duckdb', place: 'the test' },
      limits: { maxRows: 1000, timeoutSeconds: 10 },
    },
  })
}

type Fixtures = { world: CuratorWorld }

/** `test` with a world around the dataset that `listed` gives. */
export function curatorTest(listed: () => ListedDataset) {
  return base.extend<Fixtures>({
    world: async ({ context }, use) => {
      const chain = await startOwnChain(context)
      const dataset = listed()
      const wallet = await installWallet(context, chain, { first: dataset.account })
      await use(createWorld({ chain, wallet, dataset }))
      await context.unrouteAll({ behavior: 'ignoreErrors' })
      await chain.stop()
    },
  })
}

/** The studio of the connected first account. */
export async function openStudio(page: Page): Promise<void> {
  await open(page, '/curator')
  await connect(page)
}

function createWorld({ chain, wallet, dataset }: Pick<CuratorWorld, 'chain' | 'wallet' | 'dataset'>): CuratorWorld {
  const id = datasetIdOf(parseDatasetPath(dataset.path))
  const common = { publicClient: chain.public, deployment: chain.network }
  return {
    ...{ chain, wallet, dataset },
    async subscribeOther() {
      const account = privateKeyToAccount(generatePrivateKey())
      await chain.give(account.address, { eth: '10', eng: '100' })
      const walletClient = chain.wallet(account)
      await subscribe({ ...common, walletClient, dataset: id, autoRenew: false })
      const leave = async () => {
        await unsubscribe({ ...common, walletClient, dataset: id })
      }
      return { leave }
    },
    async pass(seconds) {
      await chain.test.increaseTime({ seconds })
      await chain.test.mine({ blocks: 1 })
    },
    async state() {
      const state = await readDataset({ ...common, dataset: id })
      if (state === undefined) throw new Error('the chain lost the dataset')
      return state
    },
  }
}

export const eng = (text: string): bigint =>
  parseEther(
    text
      .replaceAll(',', '')
      .replace(/ ENG.*$/s, '')
      .trim(),
  )
