/** The demo's nodes: each a real `enigma node start` process with a configuration file of its own. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { stringify as toToml } from 'smol-toml'
import { enigmaMain } from '../processes/run-enigma.ts'
import type { Child, Supervisor } from '../processes/supervisor.ts'

export type DemoNode = {
  readonly name: string
  readonly configPath: string
  readonly peerId: string
  readonly signer: `0x${string}`
  /** Where the node says it is reached. */
  readonly multiaddrs: readonly string[]
  readonly healthUrl: string
  /** Where the node serves the web app, if it does. */
  readonly webUrl: string | undefined
  readonly process: Child
}

export type NodeSettings = {
  name: string
  roles: readonly ('relay' | 'persistence' | 'worker')[]
  private?: boolean
  relays?: readonly string[]
  web?: { directory: string; port: number } | undefined
  /** Terms on which the node takes datasets of anyone. */
  accepts?: { curators: 'anyone'; minDepositEng: string; sharePercent: number }
  worker?: { scripts: Record<string, string>; hostOverrides: Record<string, string> }
}

const readyWithinMs = 60_000
const pollMs = 100

/** Writes the node's `enigma.toml`, starts it, and waits until its health says that it is ready. */
export async function startNode({
  settings,
  directory,
  networkPath,
  supervisor,
}: {
  settings: NodeSettings
  directory: string
  networkPath: string
  supervisor: Supervisor
}): Promise<DemoNode> {
  const home = join(directory, settings.name)
  await mkdir(home, { recursive: true, mode: 0o700 })
  const configPath = join(home, 'enigma.toml')
  await writeFile(configPath, toToml(configOf(settings, networkPath)))
  const nodeFile = join(home, 'data', 'node.json')
  await rm(nodeFile, { force: true })
  const process_ = supervisor.start({
    name: settings.name,
    command: process.execPath,
    args: [enigmaMain, 'node', 'start', '--config', configPath],
  })
  const { httpPort, peerId, signer } = await readNodeFile(nodeFile, process_)
  const healthUrl = `http://127.0.0.1:${httpPort}/health`
  const { multiaddrs, webUrl } = await whenHealthy(healthUrl, process_)
  return { name: settings.name, configPath, peerId, signer, multiaddrs, healthUrl, webUrl, process: process_ }
}

function configOf({ name: _, worker, web, accepts, ...settings }: NodeSettings, networkPath: string) {
  const listen = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws', '/ip4/127.0.0.1/udp/0/webrtc-direct']
  return {
    network: networkPath,
    dataDirectory: 'data',
    ...settings,
    ...(settings.private === true ? {} : { listen }),
    ...(accepts === undefined ? {} : { persistence: { accepts } }),
    ...(worker === undefined ? {} : { worker }),
    ...(web === undefined ? {} : { web }),
  }
}

type NodeFile = { httpPort: number; peerId: string; signer: `0x${string}` }

async function readNodeFile(path: string, child: Child): Promise<NodeFile> {
  return waitFor(child, async () => JSON.parse(await readFile(path, 'utf8')) as NodeFile)
}

type Health = { ok: boolean; multiaddrs: readonly string[]; webUrl: string | undefined }

async function whenHealthy(url: string, child: Child): Promise<Health> {
  return waitFor(child, async () => {
    const response = await fetch(url)
    const health = (await response.json()) as Health
    if (!health.ok) throw new Error(JSON.stringify(health))
    return health
  })
}

/** Tries until it works, the process ends, or the time is over; then says where the log is. */
async function waitFor<Result>(child: Child, attempt: () => Promise<Result>): Promise<Result> {
  const deadline = Date.now() + readyWithinMs
  const state = { hasEnded: false }
  void child.ended.then(() => (state.hasEnded = true))
  for (;;) {
    try {
      return await attempt()
    } catch (cause) {
      if (state.hasEnded || Date.now() > deadline) {
        const why = state.hasEnded ? 'ended' : `was not ready after ${readyWithinMs / 1000} s`
        throw new Error(`${child.name} ${why}; its log is ${child.logPath}`, { cause })
      }
      await delay(pollMs)
    }
  }
}
