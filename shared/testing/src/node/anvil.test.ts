import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createPublicClient, http } from 'viem'
import { expect, test, vi } from 'vitest'
import { startAnvil } from './anvil.ts'

const clientOf = (rpcUrl: string) => createPublicClient({ transport: http(rpcUrl) })

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('starts, funds its accounts, stops', async () => {
  const anvil = await startAnvil({ accounts: 2 })
  expect(await clientOf(anvil.rpcUrl).getChainId()).toBe(anvil.chainId)
  expect(anvil.accounts).toHaveLength(2)
  expect(await clientOf(anvil.rpcUrl).getBalance({ address: anvil.accounts[1]!.address })).toBe(10n ** 22n)
  await anvil.stop()
  expect(isRunning(anvil.pid)).toBe(false)
})

test('keeps its chain in a state file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'anvil-test-'))
  const statePath = join(directory, 'state.json')
  const first = await startAnvil({ statePath })
  await clientOf(first.rpcUrl).request({ method: 'anvil_mine', params: ['0x3'] } as never)
  const block = await clientOf(first.rpcUrl).getBlock({ blockNumber: 2n })
  await first.stop()
  const second = await startAnvil({ statePath })
  expect((await clientOf(second.rpcUrl).getBlock({ blockNumber: 2n })).hash).toBe(block.hash)
  await second.stop()
  await rm(directory, { recursive: true })
})

test('says what anvil said when it cannot start', async () => {
  await expect(startAnvil({ extraArguments: ['--no-such-argument'] })).rejects.toThrow(/no-such-argument/)
})

test('stops when its parent is killed', async () => {
  const code = `const { startAnvil } = await import(${JSON.stringify(import.meta.resolve('./anvil.ts'))})
    console.log((await startAnvil()).pid); setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
  const pid = Number(line)
  expect(isRunning(pid)).toBe(true)
  parent.kill('SIGKILL')
  await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 10_000 })
})
