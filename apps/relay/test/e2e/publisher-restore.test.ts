/** A publisher that lost its data, or came back from an old backup, signs no number twice: on real processes. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createCleanup } from '../network/support/nodes.ts'
import { candleScript, startCandleService } from './support/candle-service.ts'
import { startTestNetwork, type TestNetwork, type TestSubscriber } from './support/network.ts'
import type { NodeProcess } from './support/node-process.ts'

const waiting = { timeout: 90_000, interval: 100 }
const column = (name: string, type: string) => ({ name, type, encryption: 'none' })
const notesTable = { name: 'notes', key: ['id'], columns: [column('id', 'bigint'), column('note', 'text')] }
const ticksTable = { name: 'ticks', key: ['tick'], columns: [column('tick', 'bigint'), column('price', 'bigint')] }

const cleanup = createCleanup()
let net: TestNetwork
let worker: NodeProcess
let workerSettings: Record<string, unknown>
let node: NodeProcess
let subscriber: TestSubscriber
let notes: string
let ticks: string

beforeAll(async () => {
  net = await startTestNetwork()
  cleanup.add(() => net.stop())
  const candles = await startCandleService()
  cleanup.add(() => candles.stop())
  await writeFile(join(net.directory, 'ticks.ts'), candleScript)
  const curator = net.market.wallet(1).account.address.toLowerCase()
  const scripts = { [`${curator}/ticks`]: join(net.directory, 'ticks.ts') }
  workerSettings = { roles: ['worker'], worker: { scripts, hostOverrides: { 'candles.test': candles.url } } }
  node = await net.startNode('node', { roles: ['persistence'] })
  worker = await net.startNode('worker', workerSettings)
  notes = await net.register({
    name: 'notes',
    description: { tables: [notesTable] },
    nodes: [{ node, roles: 'persistence' }],
  })
  ticks = await net.register({
    name: 'ticks',
    description: {
      tables: [ticksTable],
      schedule: { cron: '*/2 * * * * *', timeZone: 'UTC' },
      script: {
        ...{ file: '../ticks.ts', hosts: ['candles.test'] },
        ...{ timeoutSeconds: 30, memoryBytes: 268_435_456, maxRows: 100_000 },
      },
    },
    nodes: [
      { node, roles: 'persistence' },
      { node: worker, roles: 'worker' },
    ],
    publisher: worker.signer,
  })
  subscriber = await net.subscribe([notes, ticks])
}, 240_000)
afterAll(() => cleanup.run())

async function headOf(dataset: string) {
  const { client, account, minBlock } = subscriber
  const { head } = await client.query({ dataset, sql: 'SELECT 1 AS one', account, minBlock }).collect()
  return head.head
}

test('a worker goes on after its newest snapshot when an old backup is restored', async () => {
  const roots = new Map<number, string>()
  /** The newest head; fails for a number that was seen with another root. */
  const look = async () => {
    const head = await headOf(ticks)
    expect(roots.get(head.seq) ?? head.root).toBe(head.root)
    roots.set(head.seq, head.root)
    return head
  }
  const until = (seq: number) =>
    vi.waitFor(async () => {
      const head = await look()
      if (head.seq < seq) throw new Error(`snapshot ${head.seq} is served, ${seq} is waited for`)
      return head
    }, waiting)
  const { seq: backedUp } = await until(1)
  const backup = join(net.directory, 'backup')
  await net.enigma('node', 'backup', backup, '--config', worker.configPath)
  await until(backedUp + 3)
  await worker.kill()
  const last = await look()
  await rm(join(net.directory, 'worker', 'data'), { recursive: true })
  await net.enigma('node', 'restore', backup, '--config', worker.configPath)
  worker = await net.startNode('worker', workerSettings)
  await vi.waitFor(async () => {
    const next = await look()
    const before = roots.get(next.seq - 1)
    if (next.seq <= last.seq || before === undefined) throw new Error('no two new snapshots in a row yet')
    expect(next.previousRoot).toBe(before)
  }, waiting)
}, 240_000)

test('the command goes on after the newest snapshot of the nodes when its own are lost', async () => {
  const file = join(net.directory, 'notes.csv')
  const publish = async (rows: number) => {
    const lines = Array.from({ length: rows }, (_, id) => `${id},note ${id}`)
    await writeFile(file, `id,note\n${lines.join('\n')}\n`)
    return (await net.enigma('dataset', 'publish', notes, `notes=${file}`)) as { seq: number; root: string }
  }
  for (const seq of [1, 2, 3]) expect(await publish(seq)).toMatchObject({ seq })
  const third = await headOf(notes)
  const published = join(net.directory, 'published')
  await rm(published, { recursive: true })
  const fourth = await publish(4)
  // Numbers that a node may keep back are left out.
  expect(fourth.seq).toBeGreaterThan(3)
  expect(await headOf(notes)).toMatchObject({ seq: fourth.seq, root: fourth.root, previousRoot: third.root })
  await rm(published, { recursive: true })
  await node.kill()
  await expect(publish(5)).rejects.toThrow('code: no-node')
}, 240_000)
