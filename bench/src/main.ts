/** `bench`: lists the benches; `bench <name>` runs one, prints its table and writes `bench/out/<name>.json`. */
import { formatReport, writeReport, type Bench } from './report.ts'

type Entry = { name: string; description: string; load: () => Promise<Bench> }

/** Loaded when asked for: a bench need not bear what another one imports. */
const entries: readonly Entry[] = [
  {
    name: 'gas',
    description: 'gas of every marketplace operation against goals and peers; sizes such as 1,1000 may follow',
    load: async () => (await import('./gas.ts')).gasBench,
  },
  {
    name: 'query',
    description: 'one query in process, by HTTP + JSON, by the direct path and by the blind path',
    load: async () => (await import('./query.ts')).queryBench,
  },
  {
    name: 'cold-start',
    description: 'from an empty browser to the first decrypted row, and a second query; an address may follow',
    load: async () => (await import('./cold-start.ts')).coldStartBench,
  },
  {
    name: 'browser-query',
    description: 'one query in Chromium by WebSocket, webrtc-direct and the blind path, beside fetch and a raw stream',
    load: async () => (await import('./browser-query.ts')).browserQueryBench,
  },
  {
    name: 'widget',
    description:
      'a page of another origin with only the pasted tag, from an empty browser to verified rows; an address may follow',
    load: async () => (await import('./widget.ts')).widgetBench,
  },
  {
    name: 'widget-size',
    description: 'bytes of the tag beside peers from their npm tarballs, before data is painted and in all',
    load: async () => (await import('./widget-size.ts')).widgetSizeBench,
  },
  {
    name: 'lighthouse',
    description: 'every page of the web app in Lighthouse, mobile, median of three; an address may follow',
    load: async () => (await import('./lighthouse.ts')).lighthouseBench,
  },
]

async function main([name, ...rest]: readonly string[]): Promise<number> {
  const entry = entries.find((candidate) => candidate.name === name)
  if (entry === undefined) {
    const list = entries.map((each) => `  ${each.name.padEnd(13)} ${each.description}`).join('\n')
    const unknown = name === undefined ? '' : `There is no bench "${name}".\n`
    process.stderr.write(`${unknown}Usage: npm run bench -- <name>\n${list}\n`)
    return name === undefined ? 0 : 2
  }
  const onProgress = (text: string) => process.stderr.write(`${text}\n`)
  const bench = await entry.load()
  const report = await bench({ arguments: rest, onProgress })
  const path = await writeReport({ name: entry.name, report })
  process.stdout.write(`${formatReport(report)}\n\nWritten to ${path}\n`)
  return report.isMet ? 0 : 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
}
// WebRTC's native threads outlive the last connection.
process.exit()
