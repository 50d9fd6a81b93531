/** `bench widget-size`: what a browser loads for `<enigma-query>`, beside peers from their npm tarballs, in one run. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'
import { build } from 'vite'
import { fetchPackage } from './fetch-package.ts'
import { type Peer, type PeerFile, peers } from './widget-peers.ts'
import type { Bench, BenchReport } from './report.ts'
import { widgetFiles } from './widget-files.ts'

/** Bytes as they are, and as brotli. */
type Size = { plain: number; brotli: number }
/** `first`: before data can be painted; `all`: with everything that may follow. */
type Sizes = { first: Size; all: Size }
type Measured = Sizes & { name: string; remark: string; problem?: string }

const compress = promisify(brotliCompress)
/** Brotli's best takes minutes beyond this; one step down costs a hundredth of the size. */
const largeBytes = 8 * 1024 ** 2
const none: Size = { plain: 0, brotli: 0 }

/** Budgets of the loader, and of what it loads before the first row. */
const goals = { loader: 3_000, client: 115_000 }

/** Fetches the peers' tarballs; needs the npm registry. */
export const widgetSizeBench: Bench = async ({ onProgress }) => {
  const directory = await mkdtemp(join(tmpdir(), 'enigma-widget-size-'))
  try {
    const own = await measureWidget(onProgress)
    const others: Measured[] = []
    for (const peer of peers) {
      onProgress(`${peer.name}@${peer.version}`)
      others.push(await measurePeer(peer, directory))
    }
    return reportOf(own, others)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function measureWidget(onProgress: (text: string) => void): Promise<Sizes & { loader: Size; client: Size }> {
  const { loader, client, later } = await widgetFiles(onProgress)
  const [ofLoader, ofClient, ofLater] = [await sizeOf([loader]), await sizeOf(client), await sizeOf(later)]
  const first = sum([ofLoader, ofClient])
  return { loader: ofLoader, client: ofClient, first, all: sum([first, ofLater]) }
}

async function measurePeer(peer: Peer, directory: string): Promise<Measured> {
  const { name, version, dependencies = [], remark } = peer
  const packages = join(directory, 'node_modules')
  await mkdir(packages, { recursive: true })
  const root = await fetchPackage({ name, version, directory: packages })
  for (const dependency of dependencies) {
    const [, of = '', at = ''] = /^(.+)@([^@]+)$/.exec(dependency) ?? []
    await fetchPackage({ name: of, version: at, directory: packages })
  }
  const read = (file: PeerFile) =>
    typeof file === 'string' ? readFile(join(root, file)) : bundle({ text: file.bundle, directory })
  const shown = { name: `${name} ${version}`, remark }
  try {
    const first = await sizeOf(await Promise.all(peer.first.map(read)))
    const later = await sizeOf(await Promise.all(peer.later.map(read)))
    return { ...shown, first, all: sum([first, later]) }
  } catch (error) {
    // Said in the table in place of a guess.
    return { ...shown, first: none, all: none, problem: error instanceof Error ? error.message : String(error) }
  }
}

/** One minified module, as a site's own build makes it. */
async function bundle({ text, directory }: { text: string; directory: string }): Promise<Buffer> {
  const entry = join(directory, 'entry.mjs')
  await writeFile(entry, text)
  const output = await build({
    ...{ root: directory, configFile: false, logLevel: 'error', publicDir: false },
    build: { write: false, target: 'es2023', lib: { entry, formats: ['es'], fileName: 'entry' }, minify: true },
  })
  const chunks = [output].flat().flatMap((each) => ('output' in each ? each.output : []))
  return Buffer.from(chunks.map((each) => (each.type === 'chunk' ? each.code : '')).join('\n'))
}

async function sizeOf(files: readonly Buffer[]): Promise<Size> {
  const sizes: Size[] = []
  for (const file of files) {
    const quality = file.length > largeBytes ? 9 : constants.BROTLI_MAX_QUALITY
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_SIZE_HINT]: file.length,
    }
    sizes.push({ plain: file.length, brotli: (await compress(file, { params })).length })
  }
  return sum(sizes)
}

function sum(sizes: readonly Size[]): Size {
  return sizes.reduce(
    (total, { plain, brotli }) => ({ plain: total.plain + plain, brotli: total.brotli + brotli }),
    none,
  )
}

function reportOf(own: Awaited<ReturnType<typeof measureWidget>>, others: readonly Measured[]): BenchReport {
  const remark = 'signed queries to a peer-to-peer network, answers verified in the page'
  const all: readonly Measured[] = [{ ...own, name: '<enigma-query>', remark }, ...others]
  const isMet = own.loader.brotli <= goals.loader && own.client.brotli <= goals.client
  const goalRow = (name: string, { brotli }: Size, goal: number) => [
    ...[name, formatBytes(brotli), formatBytes(goal), brotli <= goal ? '✓' : '✗'],
  ]
  return {
    tables: [
      {
        title: 'Bytes that a browser loads, each file compressed apart',
        head: ['what', 'before data: brotli', 'plain', 'in all: brotli', 'plain', 'beside <enigma-query>'],
        rows: all.map((each) => rowOf(each, own.first.brotli)),
      },
      {
        title: '<enigma-query> beside its budgets (brotli)',
        head: ['what', 'bytes', 'budget', ''],
        rows: [
          goalRow('loader, all that a page loads before a reader is near', own.loader, goals.loader),
          goalRow('the rest before the first row', own.client, goals.client),
        ],
      },
    ],
    notes: [
      ...all.map(
        ({ name, remark: said, problem }) => `${name}: ${said}${problem === undefined ? '' : ` (${problem})`}.`,
      ),
      'Brotli 11; 9 for files over 8 MiB. Peers as their tarballs hold them; where a user has to bundle, a minified ES module by Vite. Data itself is not counted.',
    ],
    figures: { widget: own, peers: others },
    isMet,
  }
}

function rowOf({ name, first, all, problem }: Measured, beside: number): string[] {
  if (problem !== undefined) return [name, 'cannot be bundled', '', '', '', '']
  const bytes = [first.brotli, first.plain, all.brotli, all.plain].map(formatBytes)
  return [name, ...bytes, `${(first.brotli / beside).toFixed(2)}×`]
}

function formatBytes(bytes: number): string {
  return bytes.toLocaleString('en-GB')
}
