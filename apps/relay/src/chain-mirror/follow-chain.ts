/**
 * Brings the store to the chain's head by block hash. Far from the head, ranges of blocks are read in bulk; the newest
 * `keptBlocks` are read one by one, must link by their parent hashes, and replace a branch that was reorganised away in
 * the same transaction in which the new one is stored: no reader ever sees a state between two chains.
 */
import { readBlockEvents, readDeploymentEventPages, type ContractDeployment, type DeploymentEvent } from '@enigma/chain'
import type { Hex } from '@enigma/protocol'
import type { PublicClient } from 'viem'
import { keptBlocks, type MirrorBlock, type MirrorPage, type MirrorStore } from './mirror-store.ts'

const parallelRequests = 8

export type FollowChainParameters = {
  publicClient: PublicClient
  deployment: ContractDeployment
  store: MirrorStore
  signal: AbortSignal
  onStored: (stored: StoredPages) => void
  /** Told when everything was forgotten, because the chain changed deeper than is kept. */
  onCleared: () => void
}

/** What one transaction changed; `rewoundTo` is the last block that stayed when a reorganised branch was dropped. */
export type StoredPages = { head: MirrorBlock; events: DeploymentEvent[]; rewoundTo?: number }

type ChainBlock = MirrorBlock & { parentHash: Hex }

/** Follows to the head as of the call; false when the chain changed meanwhile, so that the caller comes again at once. */
export async function followChain(parameters: FollowChainParameters): Promise<boolean> {
  const { store } = parameters
  const head = await readBlock(parameters, 'latest')
  const tip = store.tip()
  if (tip?.hash === head.hash) return true
  const base = await findCommonBlock(parameters, head)
  if (base === undefined && tip !== undefined) {
    checkRunning(parameters)
    store.clear()
    parameters.onCleared()
  }
  const first = base === undefined ? parameters.deployment.deploymentBlock : base.number + 1
  const near = Math.max(first, head.number - keptBlocks + 1)
  if (near > first) return (await followRange(parameters, first, near - 1)) && (await followChain(parameters))
  return await followBlocks(parameters, { base, first, head })
}

/** The newest stored block that the chain still has; undefined when none of the kept ones is. */
async function findCommonBlock(parameters: FollowChainParameters, head: ChainBlock): Promise<MirrorBlock | undefined> {
  for (const stored of parameters.store.blocks()) {
    if (stored.number > head.number) continue
    const hash = stored.number === head.number ? head.hash : (await readBlock(parameters, stored.number)).hash
    if (hash === stored.hash) return stored
  }
  return undefined
}

/** Stores blocks that are too old to be reorganised, chunk by chunk. */
async function followRange(parameters: FollowChainParameters, fromBlock: number, toBlock: number): Promise<boolean> {
  const { publicClient, deployment } = parameters
  for await (const page of readDeploymentEventPages({ publicClient, deployment, fromBlock, toBlock })) {
    const last = await readBlock(parameters, page.toBlock)
    const timed = await addTimestamps(parameters, page.events)
    if (timed === undefined) return false
    storePages(parameters, page.fromBlock - 1, [{ block: withoutParent(last), events: timed }])
  }
  return true
}

/** Joins each event with its block's time; undefined when an event's block is no longer the chain's. */
async function addTimestamps(parameters: FollowChainParameters, events: readonly DeploymentEvent[]) {
  const numbers = [...new Set(events.map(({ blockNumber }) => blockNumber))]
  const blocks = await mapInParallel(numbers, (number) => readBlock(parameters, number))
  const byHash = new Map(blocks.map((block) => [block.hash, block.timestamp]))
  const timed: MirrorPage['events'][number][] = []
  for (const event of events) {
    const timestamp = byHash.get(event.blockHash)
    if (timestamp === undefined) return undefined
    timed.push({ event, timestamp })
  }
  return timed
}

type Branch = { base: MirrorBlock | undefined; first: number; head: ChainBlock }

/** Reads the newest blocks by hash, checks that they are one chain from the common block on, and stores them at once. */
async function followBlocks(parameters: FollowChainParameters, { base, first, head }: Branch): Promise<boolean> {
  const { publicClient, deployment } = parameters
  const numbers = Array.from({ length: Math.max(0, head.number - first) }, (_, index) => first + index)
  const older = await mapInParallel(numbers, (number) => readBlock(parameters, number))
  const blocks = first <= head.number ? [...older, head] : []
  const isLinked = blocks.every((block, index) => {
    const parent = index === 0 ? base : blocks[index - 1]
    return parent === undefined || block.parentHash === parent.hash
  })
  if (!isLinked) return false
  const pages = await mapInParallel(blocks, async (block) => {
    const events = await readBlockEvents({ publicClient, deployment, blockHash: block.hash })
    return { block: withoutParent(block), events: events.map((event) => ({ event, timestamp: block.timestamp })) }
  })
  storePages(parameters, first - 1, pages)
  return true
}

function storePages(parameters: FollowChainParameters, after: number, pages: readonly MirrorPage[]): void {
  const { store, onStored } = parameters
  checkRunning(parameters)
  const isRewind = (store.tip()?.number ?? after) > after
  store.replace({ after, pages })
  const head = store.tip()
  if (head === undefined) return
  const events = pages.flatMap((page) => page.events.map(({ event }) => event))
  onStored({ head, events, ...(isRewind ? { rewoundTo: after } : {}) })
}

/** After `stop` the database may be closed, so nothing that is still under way may touch it. */
function checkRunning({ signal }: FollowChainParameters): void {
  signal.throwIfAborted()
}

async function readBlock({ publicClient }: FollowChainParameters, at: number | 'latest'): Promise<ChainBlock> {
  const { number, hash, parentHash, timestamp } = await publicClient.getBlock(
    at === 'latest' ? { blockTag: 'latest' } : { blockNumber: BigInt(at) },
  )
  return { number: Number(number), hash, parentHash, timestamp: Number(timestamp) }
}

function withoutParent({ number, hash, timestamp }: ChainBlock): MirrorBlock {
  return { number, hash, timestamp }
}

async function mapInParallel<Item, Result>(
  items: readonly Item[],
  map: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let start = 0; start < items.length; start += parallelRequests) {
    results.push(...(await Promise.all(items.slice(start, start + parallelRequests).map(map))))
  }
  return results
}
