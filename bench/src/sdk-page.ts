/** The SDK alone in a page, as an application would load it; benches drive it by the global `sdkPage`. */
import { createBrowserClient, type MarketplaceClient, type QueryParameters } from '@enigma/client/browser'
import { type Hex, type NetworkFile, protocolIds } from '@enigma/protocol'
import { privateKeyToAccount } from 'viem/accounts'
import { rawProtocol } from './raw-stream-protocol.ts'
import decodeWorkerUrl from './sdk-page.worker.ts?worker&url'

type Asked = {
  rows: number
  bytes: number
  /** What came of the answer by the transport, before its encryption and framing. */
  wireBytes: number
  firstMs: number
  totalMs: number
  transport: string
  /** Milliseconds of the node's stages and of this client's; they overlap. */
  stages: Readonly<Record<string, number>>
}
type Ask = Pick<QueryParameters, 'dataset' | 'sql' | 'path' | 'transport' | 'webrtcOnly' | 'maxBytes'>

type ScriptUrls = { createScriptURL: (url: string) => string }
type TrustedTypes = { createPolicy: (name: string, rules: ScriptUrls) => ScriptUrls }
type Connections = Parameters<Parameters<MarketplaceClient['extend']>[0]>[0]['connections']
type Stream = Awaited<ReturnType<Awaited<ReturnType<Connections['toNode']>>['newStream']>>
type Raw = {
  node: Parameters<Connections['toNode']>[0]
  choice: Parameters<Connections['toNode']>[1]
  bytes: number
  repetitions: number
}

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
    client = await createBrowserClient({ network, allowPrivateAddresses: true, decodeWorker })
    await client.authorize({
      signer: { address: signer.address, signTypedData: (typedData) => signer.signTypedData(typedData) },
    })
  },
  /** Rows stay columns, as the SDK hands them out. */
  async query(ask: Ask): Promise<Asked> {
    if (client === undefined || account === undefined) throw new TypeError('start the page first')
    const countWire = countQueryBytes(client)
    const startedMs = performance.now()
    let [rows, bytes, firstMs] = [0, 0, 0]
    const run = client.query({ ...ask, account })
    for await (const { rowCount, data } of run) {
      firstMs ||= performance.now() - startedMs
      rows += rowCount
      for (const { values, offsets } of data) bytes += values.byteLength + (offsets?.byteLength ?? 0)
    }
    const { transport, timings } = await run.result
    const totalMs = performance.now() - startedMs
    return { rows, bytes, firstMs, totalMs, wireBytes: countWire(), transport: transport.kind, stages: timings }
  },
  /** What the transport alone does with so many bytes: a stream of this very client's host, and nothing of ours upon it. */
  async readRaw({ node, choice, bytes, repetitions }: Raw): Promise<number[]> {
    if (client === undefined) throw new TypeError('start the page first')
    const connection = await client.extend(({ connections }) => connections.toNode(node, choice))
    const stream = await connection.newStream(rawProtocol)
    const times: number[] = []
    for (let index = 0; index < repetitions; index++) times.push(await readOnce(stream, bytes))
    await stream.close()
    return times
  },
  /** What a page would do instead. */
  async fetchJson(url: string): Promise<Asked> {
    const startedMs = performance.now()
    const answer = await (await fetch(url)).text()
    const parsed: unknown = JSON.parse(answer)
    const totalMs = performance.now() - startedMs
    const rows = Array.isArray(parsed) ? parsed.length : 0
    const size = { bytes: answer.length, wireBytes: answer.length }
    return { rows, ...size, firstMs: totalMs, totalMs, transport: 'fetch', stages: {} }
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

/** Under a policy as strict as the app's: only this script's address is let through. */
function decodeWorker(): Worker {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  const policy = trustedTypes?.createPolicy('enigma-worker', { createScriptURL: (url) => url })
  return new Worker(policy?.createScriptURL(decodeWorkerUrl) ?? decodeWorkerUrl, { type: 'module' })
}

/** Counts what comes by the query streams that are open now: after the first queries, the next one takes one of them. */
function countQueryBytes(of: MarketplaceClient): () => number {
  const ended = new AbortController()
  let bytes = 0
  const host = of.extend(({ parts }) => parts.host)
  for (const stream of host.getConnections().flatMap(({ streams }) => streams)) {
    if (stream.protocol !== protocolIds.query) continue
    const count = ({ data }: { data: { byteLength: number } }) => (bytes += data.byteLength)
    stream.addEventListener('message', count, { signal: ended.signal })
  }
  return () => {
    ended.abort()
    return bytes
  }
}

async function readOnce(stream: Stream, bytes: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  const ended = new AbortController()
  const timeout = AbortSignal.timeout(60_000)
  timeout.addEventListener('abort', () => reject(timeout.reason as Error), { signal: ended.signal })
  const onClose = () => reject(new Error('the raw stream has ended'))
  let left = bytes
  const onMessage = ({ data }: { data: { byteLength: number } }) => {
    left -= data.byteLength
    if (left <= 0) resolve(undefined)
  }
  stream.addEventListener('message', onMessage, { signal: ended.signal })
  stream.addEventListener('close', onClose, { signal: ended.signal })
  const request = new Uint8Array(4)
  new DataView(request.buffer).setUint32(0, bytes)
  const startedMs = performance.now()
  stream.send(request)
  await promise.finally(() => ended.abort())
  return performance.now() - startedMs
}

export type SdkPage = typeof sdkPage

Object.assign(globalThis, { sdkPage })
