/** Starts anvil, the development chain of Foundry, from its npm package: for tests, benches and the demo network. */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { bytesToHex, type Hex } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'

/** Everyone's development mnemonic: its accounts hold money on no real chain. */
const mnemonic = 'test test test test test test test test test test test junk'
const chainId = 31_337
const keptOutputLines = 20

/** Waits for the end of its standard input beside anvil, which keeps the pid of the shell. */
const tiedToParent = 'exec 3<&0; { cat >/dev/null; kill -TERM $$; } <&3 3<&- >/dev/null 2>&1 & exec "$@" 3<&-'

export type StartAnvilParameters = {
  /** Seconds between blocks; one block per transaction when absent. */
  blockTimeSeconds?: number | undefined
  /** File that the chain is loaded from when it exists and written to when it stops. */
  statePath?: string | undefined
  /** Loopback port; any free one when absent. */
  port?: number | undefined
  /** How many accounts; 10 when absent. */
  accounts?: number | undefined
  /** More of anvil's own arguments. */
  extraArguments?: readonly string[] | undefined
  readyTimeoutMs?: number | undefined
}

export type DevelopmentAccount = { address: Hex; privateKey: Hex }

export type Anvil = {
  rpcUrl: string
  chainId: number
  pid: number
  /** Funded with 10,000 ETH each; the same on every start. */
  accounts: readonly DevelopmentAccount[]
  /** Resolves when the process is gone, whoever ended it. */
  exited: Promise<void>
  /** Ends the process after it wrote its state. */
  stop: () => Promise<void>
}

type AnvilProcess = ChildProcessByStdio<Writable, Readable, Readable>

/** Starts anvil on loopback and resolves when it listens. It also stops when this process is gone, however that ends. */
export async function startAnvil(parameters: StartAnvilParameters = {}): Promise<Anvil> {
  const child = spawn('sh', ['-c', tiedToParent, 'sh', anvilPath(), ...anvilArguments(parameters)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // In a group of its own Ctrl-C reaches the parent alone, which stops what uses the chain before the chain.
    detached: true,
  })
  // A write end whose reader went away reports it here; the exit tells the same.
  child.stdin.on('error', () => undefined)
  const exited = once(child, 'exit').then(() => {
    child.stdin.destroy()
  })
  const rpcUrl = await waitUntilListening(child, parameters.readyTimeoutMs ?? 30_000)
  return {
    rpcUrl,
    chainId,
    pid: child.pid ?? 0,
    accounts: developmentAccounts(parameters.accounts ?? 10),
    exited,
    stop: async () => {
      child.kill('SIGTERM')
      await exited
    },
  }
}

function anvilArguments(parameters: StartAnvilParameters): string[] {
  const { blockTimeSeconds, statePath, port = 0, accounts = 10, extraArguments = [] } = parameters
  return [
    ...['--host', '127.0.0.1', '--port', String(port), '--chain-id', String(chainId)],
    ...['--mnemonic', mnemonic, '--accounts', String(accounts)],
    ...(blockTimeSeconds === undefined ? [] : ['--block-time', String(blockTimeSeconds)]),
    ...(statePath === undefined ? [] : ['--state', statePath]),
    ...extraArguments,
  ]
}

/** The binary of this platform, past the wrapper that `npx` would start. */
function anvilPath(): string {
  const wrapper = createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json')
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  const platform = createRequire(wrapper).resolve(`@foundry-rs/anvil-${process.platform}-${arch}/package.json`)
  return join(platform, '..', 'bin', 'anvil')
}

function waitUntilListening(child: AnvilProcess, timeoutMs: number): Promise<string> {
  const output: string[] = []
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      child.kill('SIGKILL')
      reject(new Error(`anvil ${why}.\n${output.join('\n')}`))
    }
    const timer = setTimeout(() => fail(`did not listen within ${timeoutMs} ms`), timeoutMs)
    const onLine = (line: string) => {
      const rpcUrl = /^Listening on (\S+)/.exec(line)?.[1]
      output.push(line)
      if (output.length > keptOutputLines) output.shift()
      if (rpcUrl === undefined) return
      clearTimeout(timer)
      resolve(`http://${rpcUrl}`)
    }
    // Both are read to the end, or anvil would stand still when a pipe is full.
    createInterface({ input: child.stdout }).on('line', onLine)
    createInterface({ input: child.stderr }).on('line', onLine)
    child.once('error', (error) => fail(`could not be started: ${error.message}`))
    child.once('exit', (code) => {
      clearTimeout(timer)
      fail(`stopped with exit code ${String(code)}`)
    })
  })
}

function developmentAccounts(count: number): DevelopmentAccount[] {
  return Array.from({ length: count }, (_, addressIndex) => {
    const account = mnemonicToAccount(mnemonic, { addressIndex })
    const key = account.getHdKey().privateKey
    if (key === null) throw new TypeError('The mnemonic gave no private key.')
    return { address: account.address.toLowerCase() as Hex, privateKey: bytesToHex(key) }
  })
}
