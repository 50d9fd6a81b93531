/**
 * What verifying and sealing leave of the raw engine's queries a second: the node's whole way (open, verify, guard,
 * engine, encode, seal) beside the same questions put to the same engine processes, both without a network.
 */
import type { Query } from '@enigma/protocol'
import { sealFor, startScene } from '../../apps/relay/src/roles/persistence/fixtures/answer-scene.ts'
import { createAsker } from '../../apps/relay/src/roles/persistence/fixtures/query-scene.ts'

const remote = { peerId: 'bench', address: '/ip4/127.0.0.1/tcp/1' }
const atOnce = 4
/** Of several askers, so that no budget of one ends the run. */
const askers = 8
const queriesEach = 25
const question = { sql: 'select id, price from candles where id = 7', maxRows: 10 } satisfies Partial<Query>

export type NodeShare = { rawPerSecond: number; nodePerSecond: number; share: number }

/** Measures both, one after the other, three times; the best of each. */
export async function measureNodeShare(): Promise<NodeShare> {
  const scene = await startScene({ rows: 10_000 })
  try {
    const asking = await Promise.all(Array.from({ length: askers }, () => createAsker(scene)))
    const raw: number[] = []
    const node: number[] = []
    for (let round = 0; round < 3; round++) {
      const turns = Array.from({ length: queriesEach }, () => asking).flat()
      const sealed = await Promise.all(turns.map((asker) => sealFor(scene, asker, question)))
      raw.push(await perSecond(sealed, ({ query }) => askEngine(scene, query)))
      node.push(await perSecond(sealed, (each) => drain(scene.role.answer({ ...each, remote, signal: forever() }))))
    }
    const refused = scene.records.find(({ code }) => code !== undefined)
    if (refused !== undefined) throw new Error(`a query was not answered: ${refused.code ?? ''}`)
    const [rawPerSecond, nodePerSecond] = [Math.max(...raw), Math.max(...node)]
    return { rawPerSecond, nodePerSecond, share: nodePerSecond / rawPerSecond }
  } finally {
    await scene.stop()
  }
}

type Scene = Awaited<ReturnType<typeof startScene>>

async function askEngine({ service }: Scene, query: Query): Promise<void> {
  const opened = await service.openSnapshot(query, forever())
  try {
    const { sql, parameters, maxRows, maxBytes } = query
    const { timeoutMs } = opened
    const result = await opened.stream({ sql, parameters, maxRows, maxBytes, timeoutMs, signal: forever() })
    await drain(result.batches)
  } finally {
    opened.release()
  }
}

async function perSecond<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<number> {
  const waiting = [...items]
  const started = performance.now()
  const worker = async () => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return items.length / ((performance.now() - started) / 1000)
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) if (item === undefined) throw new TypeError('nothing is yielded as undefined')
}

function forever(): AbortSignal {
  return new AbortController().signal
}
