/** The web app that browser benches visit: at an address that is given, or of a demo network started for it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDemoNetwork } from '../../demo/src/demo-network.ts'

/** `candles`: path of the dataset `coinbase_data`, `<curator>/<name>`. */
export type WebApp = { base: string; candles: string }

/** Runs with the app; stops what it started. */
export async function withWebApp<Result>(
  { address, onProgress }: { address: string | undefined; onProgress: (text: string) => void },
  run: (app: WebApp) => Promise<Result>,
): Promise<Result> {
  if (address !== undefined) return run({ base: address, candles: await pathOfCandles(address) })
  const directory = await mkdtemp(join(tmpdir(), 'enigma-bench-'))
  const demo = await startDemoNetwork({ directory, web: { port: 0 }, tell: onProgress, onFailure: onProgress })
  try {
    const base = demo.webUrl ?? ''
    return await run({ base, candles: await pathOfCandles(base) })
  } finally {
    await demo.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

async function pathOfCandles(base: string): Promise<string> {
  const response = await fetch(`${base}/catalogue.json?limit=50`)
  const { entries } = (await response.json()) as { entries: { listing: { curator: string; name: string } }[] }
  const listing = entries.map((entry) => entry.listing).find(({ name }) => name === 'coinbase_data')
  if (listing === undefined) throw new Error(`${base} lists no coinbase_data`)
  return `${listing.curator}/${listing.name}`
}
