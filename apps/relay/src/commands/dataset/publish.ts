/** `enigma dataset publish`: make the next snapshot from files and bring it to the dataset's persistence nodes. */
import { stat } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { readDatasetConfig, readPublishers } from '@enigma/chain'
import { verifyManifest } from '@enigma/crypto'
import { handleSnapshots } from '@enigma/network'
import {
  datasetIdOf,
  type Hex,
  type Manifest,
  MarketplaceError,
  type NetworkFile,
  parseDatasetPath,
} from '@enigma/protocol'
import type { Command } from 'commander'
import { catchUpPublisher, type CatchUpParts } from '../../daemon/catch-up-publisher.ts'
import { lockDataDirectory } from '../../daemon/data-directory.ts'
import { createSnapshotPush } from '../../daemon/snapshot-exchange.ts'
import type { PublisherPlace } from '../../roles/worker/curate-dataset.ts'
import { createSegmentWorker } from '../../snapshot/segment-worker.ts'
import { createSnapshotSource } from '../../snapshot/snapshot-source.ts'
import { openSnapshotStore, type SnapshotStore } from '../../snapshot/snapshot-store.ts'
import { type PublishedSnapshot, publishSnapshot, type TableInput } from '../../snapshot/publish-snapshot.ts'
import {
  action,
  type CommandContext,
  homeDirectory,
  publicClientOf,
  signingContext,
  type SigningOptions,
  withSigningOptions,
} from '../context.ts'
import { type NetworkSession, withNetworkSession } from '../network-session.ts'
import { describeError, type Output } from '../output.ts'
import { signerOf } from '../signer.ts'

const formats = { '.parquet': 'parquet', '.csv': 'csv', '.json': 'json', '.ndjson': 'json' } as const

/** What is taken back from the nodes was published from here: as large as any node takes in. */
const maxSnapshotBytes = 64 * 1024 ** 3
/** Superseded snapshots that stay on this machine. */
const keepSnapshots = 3
const nowSeconds = () => Math.floor(Date.now() / 1000)

/** Adds `enigma dataset publish`. */
export function addPublishCommand(dataset: Command, context: CommandContext): void {
  withSigningOptions(dataset.command('publish <dataset> <files...>'))
    .description('publish tables from Parquet, CSV or JSON files, as table=file; the key must be the publisher’s')
    .addHelpText(
      'after',
      '\nExample:\n  enigma dataset publish 0x…/flights flights=flights-3m.parquet --key curator.key' +
        '\n\nA table with a key in its manifest grows by the new rows; any other is replaced. Snapshots are kept under' +
        '\n$ENIGMA_HOME/published, so that the next publication continues them; what is newer at the persistence nodes is' +
        '\nfetched first, and nothing is published when none of them can be asked.',
    )
    .action(
      action(context, async (output, options: SigningOptions, path: string, files: string[]) => {
        await publish(context, output, options, path, files)
      }),
    )
}

async function publish(
  context: CommandContext,
  output: Output,
  options: SigningOptions,
  path: string,
  files: string[],
): Promise<void> {
  const { network, account, deployment, publicClient } = await signingContext(context, options)
  const dataset = datasetIdOf(parseDatasetPath(path))
  const config = await readDatasetConfig({ publicClient, deployment: network, dataset })
  if (config.publisher !== account.address.toLowerCase()) {
    throw new MarketplaceError({
      code: 'not-curator',
      message: 'The chain names another publisher for this dataset; sign with its key, or update the dataset.',
      details: config.publisher,
    })
  }
  await withNetworkSession(network, context.signal, async (session) => {
    const manifest = await session.peers.locate({
      dataset,
      signal: context.signal,
      use: ({ manifest: signed }) => verifyManifest({ signed, deployment, expectedHash: config.metadataHash }),
    })
    const directory = join(homeDirectory(context), 'published', dataset)
    await using stack = new AsyncDisposableStack()
    stack.defer((await lockDataDirectory({ directory })).release)
    const store = await openSnapshotStore({
      directory,
      onDamaged(error) {
        output.progress(describeError(error, { debug: false }).text)
        output.progressDone()
      },
    })
    const tables = await tableInputs(manifest, files)
    const work = createSegmentWorker({ temporaryDirectory: store.temporaryDirectory })
    const publishing = { store, work, deployment, publisher: signerOf(account) }
    const { lowestSeq } = await catchUp({ context, output, session, publishing, network, dataset, manifest })
    const published = await publishSnapshot({
      ...publishing,
      dataset,
      tables,
      nowSeconds: nowSeconds(),
      lowestSeq,
      onRows: ({ table, rows }) => output.progress(`${table}: ${rows.toLocaleString('en')} rows hashed`),
      signal: context.signal,
    })
    output.progressDone()
    const nodes = await deliver({ context, output, session, manifest, dataset, store, published })
    const { seq, root } = published.snapshot
    output.record({ dataset: path, seq, root, isNew: published.isNew, tables: published.tables, nodes })
  })
}

type CatchUpParameters = {
  context: CommandContext
  output: Output
  session: NetworkSession
  publishing: Pick<CatchUpParts, 'store' | 'work' | 'deployment' | 'publisher'>
  network: NetworkFile
  dataset: Hex
  manifest: Manifest
}

/** The store under $ENIGMA_HOME may be lost, or another machine's may be newer: the nodes know. */
async function catchUp(parameters: CatchUpParameters): Promise<PublisherPlace> {
  const { context, output, session, publishing, network, dataset, manifest } = parameters
  const publicClient = publicClientOf(network)
  const parts: CatchUpParts = {
    ...publishing,
    connect: session.peers.connect,
    peerId: session.host.peerId.toString(),
    publishersOf: () => readPublishers({ publicClient, deployment: network, dataset }),
    nowSeconds,
    maxSnapshotBytes,
    keepSnapshots,
    onProgress: output.progress,
  }
  const place = await catchUpPublisher(parts, { dataset, manifest }, context.signal)
  output.progressDone()
  return place
}

/** Reads `table=file` pairs; every table of the manifest is named once, except those that stay as they are. */
async function tableInputs(manifest: Manifest, files: readonly string[]): Promise<TableInput[]> {
  const sources = new Map<string, string>()
  for (const text of files) {
    const [, table, file] = /^([a-z_][a-z0-9_]*)=(.+)$/.exec(text) ?? []
    if (table === undefined || file === undefined || !manifest.tables.some(({ name }) => name === table)) {
      const names = manifest.tables.map(({ name }) => name).join(', ')
      throw new MarketplaceError({
        code: 'setting-invalid',
        message: `Files are given as table=file; the tables are: ${names}.`,
        details: text,
      })
    }
    await requireFile(file)
    sources.set(table, resolve(file))
  }
  return manifest.tables.map(({ name, columns, key }) => {
    const file = sources.get(name)
    const plain = columns.map((column) => ({ name: column.name, type: column.type }))
    return {
      name,
      columns: plain,
      ...(key === undefined ? {} : { key }),
      ...(file === undefined ? {} : { source: { format: formatOf(file), paths: [file] } }),
    }
  })
}

async function requireFile(path: string): Promise<void> {
  try {
    await stat(path)
  } catch (cause) {
    throw new MarketplaceError({ code: 'setting-invalid', message: `${path} cannot be read.`, cause })
  }
}

function formatOf(file: string): (typeof formats)[keyof typeof formats] {
  const format = Object.entries(formats).find(([extension]) => extension === extname(file).toLowerCase())?.[1]
  if (format !== undefined) return format
  throw new MarketplaceError({
    code: 'setting-invalid',
    message: 'Files are .parquet, .csv, .json or .ndjson.',
    details: file,
  })
}

type DeliverParameters = {
  context: CommandContext
  output: Output
  session: NetworkSession
  manifest: Manifest
  dataset: Hex
  store: SnapshotStore
  published: PublishedSnapshot
}

/** Serves the snapshot from this process while each persistence node takes it. */
async function deliver(parameters: DeliverParameters): Promise<string[]> {
  const { context, output, session, manifest, dataset, store, published } = parameters
  const nodes = manifest.nodes.filter(({ roles }) => roles.includes('persistence'))
  const server = await handleSnapshots({
    host: session.host,
    provider: createSnapshotSource({ store }),
    mayFetch: ({ dataset: asked, peerId }) => asked === dataset && nodes.some((node) => node.peerId === peerId),
    onError: (error) => output.progress(String(error)),
  })
  const push = createSnapshotPush({ connect: session.peers.connect })
  const { seq } = published.snapshot
  const failures: { peerId: string; error: unknown }[] = []
  try {
    for (const { peerId } of nodes) {
      output.progress(`node ${peerId}: taking the snapshot`)
      try {
        await push({ dataset, peerId, stored: published, signal: context.signal })
        output.progress(`node ${peerId}: serves snapshot ${seq}`)
      } catch (error) {
        context.signal.throwIfAborted()
        failures.push({ peerId, error })
      }
    }
    output.progressDone()
  } finally {
    await server.stop()
  }
  if (failures.length > 0) throw notEverywhere(seq, nodes.length, failures)
  return nodes.map(({ peerId }) => peerId)
}

function notEverywhere(
  seq: number,
  nodes: number,
  failures: readonly { peerId: string; error: unknown }[],
): MarketplaceError {
  const [first] = failures
  return new MarketplaceError({
    code: first?.error instanceof MarketplaceError ? first.error.code : 'no-node',
    message: `Snapshot ${seq} is published, and ${nodes - failures.length} of ${nodes} nodes serve it; run this again to bring it to the others.`,
    details: failures
      .map(
        ({ peerId, error }) => `${peerId}: ${error instanceof MarketplaceError ? error.shortMessage : String(error)}`,
      )
      .join('\n'),
    cause: first?.error,
  })
}
