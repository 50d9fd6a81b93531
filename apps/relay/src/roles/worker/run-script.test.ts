import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryDirectory } from '../../snapshot/test-support/publishing.ts'
import { hostFetchLimits } from './host-fetch/host-fetch.ts'
import { type CurationPlan, hashScript, runScript, type RunScriptParameters } from './run-script.ts'
import { sandboxLimits } from './sandbox/sandbox-limits.ts'
import { findSandboxTools, type SandboxTools } from './sandbox/sandbox-tools.ts'
import { type AbusiveScript, abusiveScripts, scriptOf } from './test-support/abusive-scripts.ts'

const found = findSandboxTools()
const addresses: Record<string, string[]> = {
  'private.demo': ['10.1.2.3'],
  'mixed.demo': ['93.184.215.14', '127.0.0.1'],
  'mapped.demo': ['::ffff:93.184.215.14'],
  'local6.demo': ['fd00::1'],
  'public.demo': ['93.184.215.14'],
  localhost: ['127.0.0.1'],
}
const hosts = ['exchange.demo', '127.0.0.1', '169.254.169.254', ...Object.keys(addresses)]
const tables: CurationPlan['tables'] = [
  {
    name: 'items',
    key: ['id'],
    columns: [
      { name: 'id', type: 'integer', encryption: 'none' },
      { name: 'text', type: 'text', encryption: 'none' },
      { name: 'price', type: 'double', encryption: 'none' },
      { name: 'amount', type: 'decimal(10,2)', encryption: 'none' },
      { name: 'at', type: 'timestamp', encryption: 'none' },
    ],
  },
]

let server: Server
let url: string

beforeAll(async () => {
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://exchange.demo')
    if (pathname === '/redirect') response.writeHead(302, { location: searchParams.get('to') ?? '' }).end()
    else if (pathname === '/loop') response.writeHead(302, { location: '/loop' }).end()
    else if (pathname === '/large') response.end(Buffer.alloc(2_000_000))
    else if (pathname === '/bomb') {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000)))
    } else if (pathname === '/echo') request.pipe(response)
    else if (pathname !== '/slow') response.writeHead(200, { 'x-host': request.headers.host }).end('[1,2]')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

type Changes = Partial<RunScriptParameters> & { timeoutSeconds?: number }

async function run(directory: string, source: string, { timeoutSeconds = 20, ...changes }: Changes = {}) {
  const script = { hosts, timeoutSeconds, memoryBytes: 64 * 1024 ** 2, maxRows: 1000 }
  return runScript({
    plan: { tables, script: { ...script, hash: hashScript(Buffer.from(source)) } },
    source: Buffer.from(source),
    scheduledAtMs: Date.UTC(2026, 0, 5),
    hostOverrides: { 'exchange.demo': `${url}/` },
    spoolDirectory: join(directory, 'spool'),
    resolveHost: (name) => Promise.resolve(addresses[name] ?? []),
    tools: found,
    limits: {
      sandbox: { ...sandboxLimits, outputBytes: 20_000_000 },
      fetch: { ...hostFetchLimits, requests: 20, responseBytes: 1_000_000 },
    },
    ...changes,
  })
}

const honest = scriptOf(`
  const numbers = await (await ctx.fetch('https://exchange.demo/redirect?to=/ok')).json()
  for (const id of numbers) yield { id, text: 'n', price: 0.1, amount: '12.30', at: ctx.now }`)

async function expectHonest(directory: string, changes: Partial<RunScriptParameters>): Promise<void> {
  const { rows, tables: spooled, discard } = await run(directory, honest, changes)
  expect(rows).toBe(2)
  const line = '{"id":1,"text":"n","price":0.1,"amount":"12.30","at":"1767571200000000"}'
  expect((await readFile(spooled[0]!.path, 'utf8')).split('\n')[0]).toBe(line)
  await discard()
}

async function expectRefused({ source, code }: AbusiveScript, tools: SandboxTools): Promise<void> {
  await using directory = await temporaryDirectory()
  const attempt = run(directory.path, source, { tools, timeoutSeconds: code === 'script-timeout' ? 1 : 20 })
  await expect(attempt).rejects.toMatchObject({ code })
  expect(existsSync(join(directory.path, 'spool'))).toBe(false)
  await expectHonest(directory.path, { tools })
}

describe(`runScript with ${found.bubblewrap === undefined ? 'no bubblewrap' : 'bubblewrap'}`, () => {
  it.each(abusiveScripts)('refuses a script that $name: $code', (script) => expectRefused(script, found))
})

// What bubblewrap might hide must be refused without it too.
describe.runIf(found.bubblewrap !== undefined)('runScript where there is no bubblewrap', () => {
  const escapes = abusiveScripts.filter(({ code }) => code === 'script-failed' || code === 'script-memory')
  it.each(escapes)('refuses a script that $name: $code', (script) =>
    expectRefused(script, { ...found, bubblewrap: undefined }),
  )
})

describe('runScript', () => {
  it('gives the script its times, the last snapshot, and the answers of declared hosts', async () => {
    await using directory = await temporaryDirectory()
    const source = scriptOf(`
      const response = await ctx.fetch('https://exchange.demo/echo', { method: 'POST', body: 'hello', headers: { a: 'b' } })
      const host = (await ctx.fetch('https://exchange.demo/ok')).headers.get('x-host')
      ctx.log('said', { since: ctx.since.toISOString(), seq: ctx.previous.seq }, 5n)
      yield ['items', { id: 1, text: await response.text() + host, at: ctx.now }]`)
    const said: string[] = []
    const rows: unknown[] = []
    const { requests, discard } = await run(directory.path, source, {
      sinceMs: 0,
      previous: { seq: 7, createdAtSeconds: 1 },
      onLog: (text) => said.push(text),
      onRow: ({ values }) => rows.push(values),
    })
    expect(said).toEqual(['said {"since":"1970-01-01T00:00:00.000Z","seq":7} "5"'])
    expect(rows).toEqual([[1, 'helloexchange.demo', null, null, 1767571200000000n]])
    expect(requests).toBe(2)
    await discard()
  })

  it('has the same transcript for the same answers and another for others', async () => {
    await using directory = await temporaryDirectory()
    const fetching = (body: string) =>
      scriptOf(`await ctx.fetch('https://exchange.demo/echo', { method: 'POST', body: '${body}' })`)
    const hashes: string[] = []
    for (const body of ['a', 'a', 'b']) {
      const { transcriptHash, discard } = await run(directory.path, fetching(body))
      hashes.push(transcriptHash)
      await discard()
    }
    expect(hashes[0]).toBe(hashes[1])
    expect(hashes[0]).not.toBe(hashes[2])
  })

  it('refuses a source that is not the manifest’s', async () => {
    await using directory = await temporaryDirectory()
    const attempt = run(directory.path, honest, { source: Buffer.from(`${honest} `) })
    await expect(attempt).rejects.toMatchObject({ code: 'manifest-mismatch' })
  })

  it('names the row and the column that is wrong', async () => {
    await using directory = await temporaryDirectory()
    const attempt = run(directory.path, scriptOf('yield { id: 1 }; yield { id: 2, amount: 1.005 }'))
    await expect(attempt).rejects.toMatchObject({ details: expect.stringContaining('row 2: column amount') as string })
  })

  it('ends at once when the worker stops', async () => {
    await using directory = await temporaryDirectory()
    const end = new AbortController()
    const attempt = run(directory.path, scriptOf('ctx.log("on"); for (;;);'), {
      signal: end.signal,
      onLog: () => end.abort(new Error('stopped')),
    })
    await expect(attempt).rejects.toThrow('stopped')
  })
})
