/** `enigma node …`: run a node, look at it, let it serve a dataset, back it up. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { signNodeAcceptance } from '@enigma/crypto'
import { datasetIdOf, MarketplaceError, type NodeRole, parseDatasetPath } from '@enigma/protocol'
import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import { backupNode, restoreNode } from '../daemon/backup.ts'
import { readNodeFile } from '../daemon/data-directory.ts'
import { readKeyFile } from '../daemon/key-file.ts'
import { createLog } from '../daemon/log.ts'
import { dataFiles } from '../daemon/node-state.ts'
import { recordOperatorAcceptance } from '../daemon/operator-acceptances.ts'
import { peerIdOf } from '../host/peer-key.ts'
import { action, type CommandContext, deploymentOf } from './context.ts'
import { signerOf } from './signer.ts'

type NodeOptions = { config: string; json?: boolean }
type AcceptOptions = NodeOptions & { roles: string; out?: string }

const nowSeconds = () => Math.floor(Date.now() / 1000)

const shared = (command: Command) =>
  command.option('--config <file>', 'settings of the node', 'enigma.toml').option('--json', 'print JSON for programs')

/** Adds `enigma node`. */
export function addNodeCommands(program: Command, context: CommandContext): void {
  const node = program.command('node').description('run and look after a node')
  addStart(node, context)
  addStatus(node, context)
  addAccept(node, context)
  addBackup(node, context)
}

function addStart(node: Command, context: CommandContext): void {
  shared(node.command('start'))
    .description('run a node with the roles of its settings until it is interrupted; logs JSON lines')
    .addHelpText(
      'after',
      '\nExample enigma.toml:\n  network = "enigma-network.json"\n  dataDirectory = "data"\n  roles = ["relay"]',
    )
    .action(
      action(context, async (_output, options: NodeOptions) => {
        const config = await readConfig({ path: options.config })
        // The daemon brings libp2p and the engines with it; no other command waits for them.
        const { startDaemon } = await import('../daemon/start-daemon.ts')
        const daemon = await startDaemon({ config, log: createLog({ level: config.logLevel }), signal: context.signal })
        if (!context.signal.aborted) {
          await new Promise<void>((resolve) =>
            context.signal.addEventListener('abort', () => resolve(), { once: true }),
          )
        }
        await daemon.stop()
      }),
    )
}

function addStatus(node: Command, context: CommandContext): void {
  shared(node.command('status'))
    .description('what the running node says of itself')
    .action(
      action(context, async (output, options: NodeOptions) => {
        const { dataDirectory } = await readConfig({ path: options.config })
        const running = await readNodeFile({ directory: dataDirectory })
        if (running === undefined) throw notRunning(dataDirectory)
        const response = await fetch(`http://127.0.0.1:${running.httpPort}/health`).catch((cause: unknown) => {
          throw notRunning(dataDirectory, cause)
        })
        output.record((await response.json()) as Record<string, unknown>)
      }),
    )
}

function addAccept(node: Command, context: CommandContext): void {
  shared(node.command('accept <dataset>'))
    .description('sign that this node serves a dataset; the curator puts the file into the manifest')
    .option('--roles <roles>', 'what the node does for it', 'persistence')
    .option('--out <file>', 'write the acceptance to a file')
    .addHelpText('after', '\nExample:\n  enigma node accept 0x…/flights --roles persistence,worker --out node1.json')
    .action(
      action(context, async (output, options: AcceptOptions, path: string) => {
        const { dataDirectory, networkFile } = await readConfig({ path: options.config })
        const roles = options.roles.split(',').map(parseRole)
        const dataset = datasetIdOf(parseDatasetPath(path))
        const acceptance = await signNodeAcceptance({
          node: { peerId: await peerIdOf({ path: join(dataDirectory, 'peer.key') }), roles },
          dataset,
          signer: signerOf(await readKeyFile({ path: join(dataDirectory, 'signer.key') })),
          deployment: deploymentOf(networkFile),
        })
        await recordOperatorAcceptance({ directory: join(dataDirectory, dataFiles.accepted), dataset, acceptance })
        if (options.out !== undefined) await writeFile(options.out, `${JSON.stringify(acceptance, null, 2)}\n`)
        output.record(acceptance)
      }),
    )
}

function addBackup(node: Command, context: CommandContext): void {
  shared(node.command('backup <directory>'))
    .description('copy keys, databases and snapshots to a new directory, also while the node runs')
    .action(
      action(context, async (output, options: NodeOptions, directory: string) => {
        const { dataDirectory } = await readConfig({ path: options.config })
        output.record(
          await backupNode({ dataDirectory, directory, nowSeconds: nowSeconds(), onProgress: output.progress }),
        )
      }),
    )
  shared(node.command('restore <directory>'))
    .description(
      'put a backup in the place of the data directory, which must not exist yet; a publisher then leaves numbers out that may be taken',
    )
    .action(
      action(context, async (output, options: NodeOptions, directory: string) => {
        const { dataDirectory } = await readConfig({ path: options.config })
        output.record(await restoreNode({ dataDirectory, directory, nowSeconds: nowSeconds() }))
      }),
    )
}

function parseRole(text: string): NodeRole {
  const role = (['relay', 'persistence', 'worker'] as const).find((known) => known === text.trim())
  if (role !== undefined) return role
  throw new MarketplaceError({
    code: 'setting-invalid',
    message: 'Roles are relay, persistence and worker.',
    details: text,
  })
}

function notRunning(directory: string, cause?: unknown): MarketplaceError {
  return new MarketplaceError({
    code: 'no-node',
    message: `No node runs on ${directory}; start it with: enigma node start`,
    cause,
  })
}
