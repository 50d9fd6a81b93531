/** Bytes that came over WebRTC and what else a browser may have of it, for specs that ask how an answer travelled. */
import { type Browser, chromium, type LaunchOptions, type Page } from '@playwright/test'
import { type Hand, hands } from './hands.ts'

declare global {
  /** Every RTCPeerConnection of the page, noted by the spec. */
  var peerConnections: RTCPeerConnection[]
}

/** A Chromium that lets no page change the SDP, as all will one day. */
export function launchSdpAlone(options: LaunchOptions): Promise<Browser> {
  const trial = '--force-fieldtrials=WebRTC-NoSdpMangleUfrag/Enabled/'
  return chromium.launch({ ...options, args: [...(options.args ?? []), trial] })
}

/** A browser that has no WebRTC. */
export async function withoutWebrtc(page: Page): Promise<void> {
  await page.addInitScript(() => Object.defineProperty(globalThis, 'RTCPeerConnection', { value: undefined }))
}

/** Before the page's own scripts: keeps each RTCPeerConnection, so that its statistics can be read. */
export async function notePeerConnections(page: Page): Promise<void> {
  await page.addInitScript(() => {
    globalThis.peerConnections = []
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        globalThis.peerConnections.push(this)
      }
    }
  })
}

/** Bytes that came, as the browser itself counts them; those of data channels are forgotten with the channel. */
export function receivedByWebrtc(page: Page, kind: 'data-channel' | 'transport'): Promise<number> {
  return page.evaluate(async (wanted) => {
    let bytes = 0
    for (const connection of globalThis.peerConnections) {
      for (const report of (await connection.getStats()).values() as Iterable<{
        type: string
        bytesReceived?: number
      }>) {
        if (report.type === wanted) bytes += report.bytesReceived ?? 0
      }
    }
    return bytes
  }, kind)
}

/** Bytes of our own protocols that came over a kind of connection, as the network page has them. */
export async function receivedBy(page: Page, transport: RegExp, hand: Hand = hands.mouse): Promise<number> {
  await hand.use(page.getByRole('link', { name: 'Network' }).first())
  const row = page.getByRole('table', { name: 'Open connections' }).getByRole('row').filter({ hasText: transport })
  return Number(await row.first().locator('[data-received]').getAttribute('data-received'))
}
