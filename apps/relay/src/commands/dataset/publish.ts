/** `enigma dataset publish`: make the next snapshot from files and bring it to the dataset's persistence nodes. */
import { stat } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { readDatasetConfig } from '@enigma/chain'
import { verifyManifest } from '@enigma/crypto'
import { handleSnapshots } from '@enigma/network'
import { datasetIdOf, type Hex, type Manifest, MarketplaceError, parseDatasetPath } from '@enigma/protocol'
import type { Command } from 'commander'
import { lockDataDirectory } from '../../daemon/data-directory.ts'
import { createSnapshotPush } from '../../daemon/snapshot-exchange.ts'
import { createSegmentWorker } from '../../snapshot/segment-worker.ts'
import { createSnapshotSource } from '../../snapshot/snapshot-source.ts'
import { openSnapshotStore, type SnapshotStore } from '../../snapshot/snapshot-store.ts'
import { type PublishedSnapshot, publishSnapshot, type TableInput } from '../../snapshot/publish-snapshot.ts'
import {
  action,
  type CommandContext,
  homeDirectory,
  signingContext,
  type SigningOptions,
  withSigningOptions,
} from '../context.ts'
import { type NetworkSession, withNetworkSession } from '../network-session.ts'
import type { Output } from '../output.ts'
import { signerOf } from '../signer.ts'

const formats = { '.parquet': 'parquet', '.csv': 'csv', '.json': 'json', '.ndjson': 'json' } as const

/** Adds `enigma dataset publish`. */
export function addPublishCommand(dataset: Command, context: CommandContext): void {
  withSigningOptions(dataset.command('publish <dataset> <files...>'))
    .description('publish tables from Parquet, CSV or JSON files, as table=file; the key must be the publisher’s')
    .addHelpText(
      'after',
      '\nExample:\n  enigma dataset publish 0x…/flights flights=flights-3m.parquet --key curator.key' +
        '\n\nA table with a key in its manifest grows by the new rows; any other is replaced. Snapshots are kept under' +
        '\n$ENIGMA_HOME/published, so that the next publication continues them.',
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
    const { manifest: signed } = await session.peers.locate(dataset, context.signal)
    const manifest = await verifyManifest({ signed, deployment, expectedHash: config.metadataHash })
    const directory = join(homeDirectory(context), 'published', dataset)
    await using stack = new AsyncDisposableStack()
    stack.defer((await lockDataDirectory({ directory })).release)
    const store = await openSnapshotStore({ directory })
    const published = await publishSnapshot({
      store,
      work: createSegmentWorker({ temporaryDirectory: store.temporaryDirectory }),
      dataset,
      tables: await tableInputs(manifest, files),
      publisher: signerOf(account),
      deployment,
      nowSeconds: Math.floor(Date.now() / 1000),
      onRows: ({ table, rows }) => output.progress(`${table}: ${rows.toLocaleString('en')} rows hashed`),
      signal: context.signal,
    })
    output.progressDone()
    const nodes = await deliver({ context, output, session, manifest, dataset, store, published })
    const { seq, root } = published.snapshot
    output.record({ dataset: path, seq, root, isNew: published.isNew, tables: published.tables, nodes })
  })
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
  try {
    for (const { peerId } of nodes) {
      output.progress(`node ${peerId}: taking the snapshot`)
      await push({ dataset, peerId, stored: published, signal: context.signal })
      output.progress(`node ${peerId}: serves snapshot ${published.snapshot.seq}`)
    }
    output.progressDone()
    return nodes.map(({ peerId }) => peerId)
  } finally {
    await server.stop()
  }
}
