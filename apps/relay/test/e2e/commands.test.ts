/** The command line from a key to a refund: every verb that the other end-to-end tests do not run, on a real network. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createCleanup } from '../network/support/nodes.ts'
import { candleScript, type CandleService, startCandleService } from './support/candle-service.ts'
import { startTestNetwork, type TestNetwork } from './support/network.ts'
import type { NodeProcess } from './support/node-process.ts'

const waiting = { timeout: 30_000, interval: 100 }
const column = (name: string, type: string) => ({ name, type, encryption: 'none' })
const words = { name: 'words', key: ['id'], columns: [column('id', 'bigint'), column('word', 'text')] }

type Sent = { block: number }

const cleanup = createCleanup()
let net: TestNetwork
let node: NodeProcess
let candles: CandleService
let path: string
let key: string

beforeAll(async () => {
  net = await startTestNetwork()
  cleanup.add(() => net.stop())
  candles = await startCandleService()
  cleanup.add(() => candles.stop())
  node = await net.startNode('public', { roles: ['persistence'] })
  path = await net.register({
    name: 'words',
    description: { tables: [words], sample: [{ table: 'words', rows: 2 }] },
    nodes: [{ node, roles: 'persistence' }],
  })
  const file = join(net.directory, 'words.csv')
  await writeFile(file, 'id,word\n1,one\n2,two\n3,three\n')
  await net.enigma('dataset', 'publish', path, `words=${file}`)
  key = join(net.directory, 'reader.key')
  await writeFile(key, net.market.anvil.accounts[5]?.privateKey ?? '', { mode: 0o600 })
}, 120_000)
afterAll(() => cleanup.run())

const query = (sql: string, ...more: string[]) => net.enigma('query', path, sql, ...more)

test('a sample without a key, then subscribe, query with parameters, and unsubscribe', async () => {
  const sql = 'SELECT word FROM words ORDER BY id'
  await vi.waitFor(() => query(sql, '--sample'), waiting)
  expect(await query(sql, '--sample')).toMatchObject({ rows: [['one'], ['two']] })
  await expect(query(sql, '--key', key)).rejects.toThrow('no-subscription')

  const { block } = (await net.enigma('subscribe', path, '--key', key, '--max-price', '2')) as Sent
  const sinceThen = ['--key', key, '--min-block', String(block)]
  const found = await query('SELECT word FROM words WHERE id >= $1', '--param', 'bigint:3', ...sinceThen)
  expect(found).toMatchObject({ rows: [['three']] })
  expect(await net.enigma('dataset', 'status', path)).toMatchObject({ subscribers: 1, closed: 'no' })

  const left = (await net.enigma('unsubscribe', path, '--key', key)) as Sent
  await expect(query(sql, '--key', key, '--min-block', String(left.block))).rejects.toThrow(/subscription/)
  expect(await net.enigma('dataset', 'status', path)).toMatchObject({ subscribers: 0 })
})

test('another description and another price are what the next reader finds', async () => {
  const description = join(net.directory, 'words-2.json')
  await writeFile(description, JSON.stringify({ title: 'more words', tables: [words] }))
  const acceptance = join(net.directory, 'words', 'public.json')
  await net.enigma('dataset', 'update', path, description, '--price', '3', '--node', acceptance)
  const status = (await net.enigma('dataset', 'status', path)) as { title: string; price: string }
  expect(status).toMatchObject({ title: 'more words', nodes: '1 listed, 1 with a record now' })
  expect(Number.parseFloat(status.price)).toBeCloseTo(3, 6)
})

test('a node says how it is', async () => {
  expect(await net.enigma('node', 'status', '--config', node.configPath)).toMatchObject({
    ok: true,
    signer: node.signer,
    roles: ['persistence'],
    chain: { state: 'following', isStale: false },
  })
})

test('a script runs once in its sandbox and shows its rows', async () => {
  const ticks = join(net.directory, 'ticks.ts')
  await writeFile(ticks, candleScript)
  const description = join(net.directory, 'ticks.json')
  await writeFile(
    description,
    JSON.stringify({
      title: 'ticks',
      tables: [{ name: 'ticks', key: ['tick'], columns: [column('tick', 'bigint'), column('price', 'bigint')] }],
      schedule: { cron: '* * * * *', timeZone: 'UTC' },
      script: {
        file: 'ticks.ts',
        hosts: ['candles.test'],
        timeoutSeconds: 30,
        memoryBytes: 268_435_456,
        maxRows: 1000,
      },
    }),
  )
  const override = `candles.test=${candles.url}`
  const rows = await net.enigma('script', 'run', description, '--override', override, '--rows', '3')
  expect(rows).toEqual(['0', '1', '2'].map((tick, at) => ({ table: 'ticks', tick, price: String(1 + 3 * at) })))
})
