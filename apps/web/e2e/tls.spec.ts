/** A page that came by https: rows over a relay behind TLS and over WebRTC-direct, and nothing that is not encrypted. */
import { chromium } from '@playwright/test'
import { pathOf } from './support/demo.ts'
import { expect, test } from './support/test.ts'
import { type Certificate, makeCertificate, startTls, startTlsProxy, type TlsServer } from './support/tls-proxy.ts'
import { startSite } from './support/widget-page.ts'

type NetworkFile = { relays: string[]; rpcUrls: string[] }

let certificate: Certificate
let relay: TlsServer
let page: TlsServer
let html = ''
/** Which of the relay's ways in the network file names. */
let way: 'wss' | 'webrtc-direct' = 'wss'

test.beforeAll(async () => {
  const baseURL = process.env['E2E_BASE_URL'] ?? ''
  certificate = await makeCertificate()
  const network = (await (await fetch(`${baseURL}/enigma-network.json`)).json()) as NetworkFile
  const [plain = ''] = network.relays.filter((address) => address.includes('/ws/'))
  const [, wsPort = '', peer = ''] = /\/tcp\/(\d+)\/ws\/p2p\/(\w+)$/.exec(plain) ?? []
  const [direct = ''] = network.relays.filter(
    (address) => address.includes('/webrtc-direct/') && address.endsWith(peer),
  )
  relay = await startTlsProxy(certificate, {
    ...{ web: baseURL, rpc: network.rpcUrls[0] ?? '', wsPort: Number(wsPort) },
    network: (port) => ({
      ...{ ...network, rpcUrls: [`https://localhost:${port}/rpc`], faucetUrl: `https://localhost:${port}/faucet` },
      relays: [way === 'wss' ? `/dns4/localhost/tcp/${port}/tls/ws/p2p/${peer}` : direct],
    }),
  })
  page = await startTls(certificate, (_, response) => {
    response.writeHead(200, { 'content-type': 'text/html;charset=utf-8' }).end(html)
  })
  const site = await startSite(baseURL)
  const tag = site.tag(`https://localhost:${relay.port}`)
  await site.stop()
  html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A site</title>${tag}</head><body></body></html>`
})
test.afterAll(() => Promise.all([relay.stop(), page.stop()]))

for (const transport of ['wss', 'webrtc-direct'] as const) {
  test(`rows over ${transport} on an https page, and nothing unencrypted`, async ({ page: own }, info) => {
    way = transport
    const dataset = await pathOf(own, 'zipcodes')
    const { launchOptions = {} } = info.project.use
    const trust = `--ignore-certificate-errors-spki-list=${certificate.spki}`
    const browser = await chromium.launch({ ...launchOptions, args: [...(launchOptions.args ?? []), trust] })
    try {
      const visit = await browser.newPage()
      const asked: string[] = []
      visit.on('request', (each) => asked.push(each.url()))
      visit.on('websocket', (each) => asked.push(each.url()))
      await visit.goto(`https://127.0.0.1:${page.port}/`)
      await visit.evaluate((path) => {
        const element = document.createElement('enigma-query')
        element.setAttribute('dataset', path)
        element.setAttribute('sql', 'SELECT zip_code FROM zipcodes ORDER BY zip_code')
        element.setAttribute('loading', 'eager')
        document.body.append(element)
      }, dataset)
      const widget = visit.locator('enigma-query')
      await expect(widget).toHaveAttribute('state', 'ready', { timeout: 40_000 })
      await expect(widget.locator('[part=badge]')).toHaveText('✓ verified')
      expect(asked.filter((url) => !/^(https|wss):/.test(url))).toEqual([])
      const sockets = asked.filter((url) => url.startsWith('wss:'))
      expect(sockets.map((url) => new URL(url).host)).toEqual(transport === 'wss' ? [`localhost:${relay.port}`] : [])
    } finally {
      await browser.close()
    }
  })
}

test('nobody else trusts that certificate', async ({ page: own }) => {
  await expect(own.goto(`https://127.0.0.1:${page.port}/`)).rejects.toThrow(/ERR_CERT/)
})
