/** The SDK alone in a page, as an application would load it; benches drive it by the global `sdkPage`. */
import { createBrowserClient, type MarketplaceClient, type QueryParameters } from '@enigma/client/browser'
import { createDecodeWorker } from '../../apps/web/src/lib/state/create-decode-worker.ts'
import type { Hex, NetworkFile } from '@enigma/protocol'
import { privateKeyToAccount } from 'viem/accounts'

type Asked = { rows: number; bytes: number; firstMs: number; totalMs: number; transport: string }
type Ask = Pick<QueryParameters, 'dataset' | 'sql' | 'path' | 'transport' | 'webrtcOnly' | 'maxBytes'>

let client: MarketplaceClient | undefined
let account: Hex | undefined
let longestMs = 0

new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) longestMs = Math.max(longestMs, duration)
}).observe({ type: 'longtask' })

const sdkPage = {
  /** Creates the client and signs its session with a development key. */
  async start({ network, key }: { network: NetworkFile; key: Hex }): Promise<void> {
    const signer = privateKeyToAccount(key)
    account = signer.address
    client = await createBrowserClient({ network, allowPrivateAddresses: true, decodeWorker: createDecodeWorker })
    await client.authorize({
      signer: { address: signer.address, signTypedData: (typedData) => signer.signTypedData(typedData) },
    })
  },
  /** Rows stay columns, as the SDK hands them out. */
  async query(ask: Ask): Promise<Asked> {
    if (client === undefined || account === undefined) throw new TypeError('start the page first')
    const startedMs = performance.now()
    let [rows, bytes, firstMs] = [0, 0, 0]
    const run = client.query({ ...ask, account })
    for await (const { rowCount, data } of run) {
      firstMs ||= performance.now() - startedMs
      rows += rowCount
      for (const { values, offsets } of data) bytes += values.byteLength + (offsets?.byteLength ?? 0)
    }
    const { transport } = await run.result
    return { rows, bytes, firstMs, totalMs: performance.now() - startedMs, transport: transport.kind }
  },
  /** What a page would do instead. */
  async fetchJson(url: string): Promise<Asked> {
    const startedMs = performance.now()
    const answer = await (await fetch(url)).text()
    const parsed: unknown = JSON.parse(answer)
    const totalMs = performance.now() - startedMs
    const rows = Array.isArray(parsed) ? parsed.length : 0
    return { rows, bytes: answer.length, firstMs: totalMs, totalMs, transport: 'fetch' }
  },
  /** The longest task of the main thread since it was asked last, in ms; 0 when none was over 50 ms. */
  async takeLongestTask(): Promise<number> {
    // Entries are delivered a moment after their task.
    await new Promise((resolve) => setTimeout(resolve, 300))
    const taken = longestMs
    longestMs = 0
    return taken
  },
}

export type SdkPage = typeof sdkPage

Object.assign(globalThis, { sdkPage })
