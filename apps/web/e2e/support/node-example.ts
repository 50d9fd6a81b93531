/** The example for Node: its programs as a person starts them, and a subscriber who owns the embed. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { runEnigma } from './run-enigma.ts'

/** Runs a program of the example to its end and returns what it printed. */
export async function runExample(directory: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: directory, timeout: 60_000 })
  return stdout
}

/** Makes an account whose key lies in `owner.key`, with play money and a subscription. */
export async function subscribeByCommand(parameters: { dataset: string; directory: string; network: string }) {
  const { dataset, directory, network } = parameters
  const [key, networkFile] = [join(directory, 'owner.key'), join(directory, 'enigma-network.json')]
  await runEnigma(['key', 'new', key])
  const account = privateKeyToAccount((await readFile(key, 'utf8')).trim() as Hex).address
  const { faucetUrl = '' } = JSON.parse(network) as { faucetUrl?: string }
  const funded = await fetch(`${faucetUrl}/fund`, { method: 'POST', body: JSON.stringify({ account }) })
  if (!funded.ok) throw new Error(`the faucet refused: ${await funded.text()}`)
  await runEnigma(['subscribe', dataset, '--key', key, '--network', networkFile], { home: directory })
}

/** Starts the server that mints grants, and waits until it listens. */
export async function startMintServer(directory: string, url: string): Promise<{ stop: () => Promise<void> }> {
  const env = { ...process.env, PORT: new URL(url).port }
  const child = spawn(process.execPath, ['mint-server.ts'], {
    cwd: directory,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await listening(child)
  return {
    async stop() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}

async function listening(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new TypeError('the server has no output')
  for await (const line of createInterface({ input: child.stdout })) if (line.startsWith('grants at')) return
  throw new Error('the server ended before it listened')
}
