/** The web app of the demo: built while the chain starts, served by the first relay at an address that stays. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../..')
/** Asked for at the first start; browsers keep sessions by origin, so the port is kept from start to start. */
const preferredPort = 4242

export type WebApp = { directory: string; port: number }

/** Builds the app and finds its port; throws where `wish` is taken, or with what the build printed. */
export async function prepareWebApp({
  directory,
  wish,
}: {
  directory: string
  wish: number | undefined
}): Promise<WebApp> {
  const portPath = join(directory, 'web-port')
  const free = await takePort(wish ?? (await keptPort(portPath)))
  if (wish !== undefined && free === undefined) throw new Error(`port ${wish} is in use; choose another by --port`)
  const port = free ?? (await takePort(0)) ?? 0
  if (wish === undefined) await writeFile(portPath, String(port))
  await buildWebApp()
  return { directory: join(root, 'apps/web/build'), port }
}

async function buildWebApp(): Promise<void> {
  const child = spawn(process.execPath, [join(root, 'scripts/build-web.mjs')], { stdio: ['ignore', 'pipe', 'pipe'] })
  const output: string[] = []
  child.stdout.on('data', (chunk) => output.push(String(chunk)))
  child.stderr.on('data', (chunk) => output.push(String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`the web app does not build:\n${output.join('').slice(-4000)}`)
}

async function keptPort(path: string): Promise<number> {
  try {
    return Number(await readFile(path, 'utf8'))
  } catch {
    // The first start.
    return preferredPort
  }
}

/** The port when it is free, undefined when somebody has it. */
async function takePort(port: number): Promise<number | undefined> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  } catch {
    return undefined
  } finally {
    if (server.listening) {
      server.close()
      await once(server, 'close')
    }
  }
}
