/**
 * The demo's relays as one page reaches them: through TCP of the test's own, so that a relay can die for this page as it
 * does when its process is killed, and lives on for everybody else.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Page } from '@playwright/test'

export type MortalRelays = {
  /** The relay that carries so many bytes to the page first, from now on, dies: connections break, no new one opens. */
  killAfter: (bytes: number) => void
  /** How many have died. */
  dead: () => number
  stop: () => void
}

type Watch = { bytes: number; isArmed: boolean; dead: number }

/** Leads the page's connections to relays through the test; to be called before it opens the site. */
export async function startMortalRelays(page: Page): Promise<MortalRelays> {
  const response = await page.request.get('/enigma-network.json')
  const file = (await response.json()) as { relays: string[] }
  const watch: Watch = { bytes: 0, isArmed: false, dead: 0 }
  const ways = await Promise.all(
    file.relays.filter((address) => address.includes('/ws/')).map((each) => lead(each, watch)),
  )
  await page.route('**/enigma-network.json', (route) =>
    route.fulfill({ json: { ...file, relays: ways.map(({ address }) => address) } }),
  )
  return {
    killAfter(bytes) {
      for (const way of ways) way.restart()
      watch.bytes = bytes
      watch.isArmed = true
    },
    dead: () => watch.dead,
    stop() {
      for (const way of ways) way.kill()
    },
  }
}

async function lead(address: string, watch: Watch) {
  const port = Number(/\/tcp\/(\d+)\//.exec(address)?.[1])
  const sockets = new Set<Socket>()
  let carried = 0
  const kill = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer((page) => {
    const relay = connect(port, '127.0.0.1')
    for (const [socket, other] of [
      [page, relay],
      [relay, page],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    page.pipe(relay)
    relay.pipe(page)
    relay.on('data', ({ length }) => {
      carried += length
      if (!watch.isArmed || carried < watch.bytes) return
      watch.isArmed = false
      watch.dead++
      kill()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const own = (server.address() as AddressInfo).port
  return { address: address.replace(`/tcp/${port}/`, `/tcp/${own}/`), kill, restart: () => (carried = 0) }
}
