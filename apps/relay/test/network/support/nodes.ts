/** Real hosts on loopback for many-node tests; `after` stops what a test started, newest first. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHost, type Host, type HostKind } from '../../../src/host/create-host.ts'

export type Cleanup = { add: (stop: () => Promise<unknown>) => void; run: () => Promise<void> }

export function createCleanup(): Cleanup {
  const stops: (() => Promise<unknown>)[] = []
  return {
    add: (stop) => stops.push(stop),
    async run() {
      for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop()
    },
  }
}

export async function newDirectory(cleanup: Cleanup): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'enigma-network-'))
  cleanup.add(() => rm(directory, { recursive: true, force: true }))
  return directory
}

export async function startHost({
  cleanup,
  kind,
  listen = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'],
  reservations = 1,
  dataDirectory,
}: {
  cleanup: Cleanup
  kind: HostKind
  listen?: string[]
  reservations?: number
  dataDirectory?: string
}): Promise<Host> {
  const directory = dataDirectory ?? (await newDirectory(cleanup))
  const host = await createHost({ kind, dataDirectory: directory, listen, reservations, isDevelopment: true })
  let stopping: Promise<void> | undefined
  const stop = () => (stopping ??= host.stop())
  cleanup.add(stop)
  return { ...host, stop }
}

export function addressesOf(host: Host): string[] {
  return host.node.getMultiaddrs().map((address) => address.toString())
}

export function peerIdOf(host: Host): string {
  return host.node.peerId.toString()
}
