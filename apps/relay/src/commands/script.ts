/** `enigma script run`: a dry run of a curation script, in the sandbox, with nothing published. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { MarketplaceError } from '@enigma/protocol'
import type { Command } from 'commander'
import { runScript, hashScript } from '../roles/worker/run-script.ts'
import { action, type CommandContext, parseCount } from './context.ts'
import { parseDescription, readJsonFile } from './dataset/description.ts'

type ScriptOptions = { override: string[]; since?: string; rows: string; json?: boolean }

/** Adds `enigma script`. */
export function addScriptCommands(program: Command, context: CommandContext): void {
  const script = program.command('script').description('curation scripts')
  script
    .command('run <description.json>')
    .description('run the script of a dataset description once, in the sandbox, and show its first rows')
    .option('--override <host=url>', 'send a declared host to a local service; repeat for more', collect, [])
    .option('--since <time>', 'pretend that the last good run was at this ISO time')
    .option('--rows <n>', 'rows to show', '20')
    .option('--json', 'print JSON for programs')
    .addHelpText(
      'after',
      '\nExample:\n  enigma script run coinbase-data.json --override exchange.demo=http://127.0.0.1:4000',
    )
    .action(
      action(context, async (output, options: ScriptOptions, path: string) => {
        const { script: described, tables } = parseDescription(await readJsonFile(path), path)
        if (described === undefined) {
          throw new MarketplaceError({ code: 'setting-invalid', message: `${path} describes no script.` })
        }
        const { file, ...rest } = described
        const most = parseCount(options.rows, '--rows')
        const sinceMs = options.since === undefined ? undefined : parseTime(options.since)
        const source = await readScriptFile(resolve(dirname(path), file))
        const directory = await mkdtemp(join(tmpdir(), 'enigma-script-'))
        const shown: Record<string, unknown>[] = []
        try {
          const run = await runScript({
            plan: { script: { ...rest, hash: hashScript(source) }, tables },
            source,
            scheduledAtMs: Date.now(),
            sinceMs,
            hostOverrides: Object.fromEntries(options.override.map(parseOverride)),
            spoolDirectory: join(directory, 'rows'),
            onLog: (text) => output.progress(text),
            onRow: ({ table, values }) => {
              if (shown.length < most) shown.push({ table, ...named(tables, table, values) })
            },
            signal: context.signal,
          })
          await run.discard()
          output.list(shown)
          output.progress(`${run.rows} rows, ${run.requests} requests, transcript ${run.transcriptHash}`)
          output.progressDone()
        } finally {
          await rm(directory, { recursive: true, force: true })
        }
      }),
    )
}

function named(
  tables: readonly { name: string; columns: readonly { name: string }[] }[],
  table: string,
  values: readonly unknown[],
) {
  const columns = tables.find(({ name }) => name === table)?.columns ?? []
  return Object.fromEntries(columns.map(({ name }, index) => [name, values[index]]))
}

function parseOverride(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at > 0 && URL.canParse(text.slice(at + 1))) return [text.slice(0, at), text.slice(at + 1)]
  throw new MarketplaceError({ code: 'setting-invalid', message: '--override is host=url.', details: text })
}

function collect(value: string, before: string[]): string[] {
  return [...before, value]
}

async function readScriptFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new MarketplaceError({ code: 'setting-invalid', message: `The script ${path} cannot be read.`, cause })
  }
}

function parseTime(text: string): number {
  const time = Date.parse(text)
  if (!Number.isNaN(time)) return time
  const message = '--since is a time such as 2026-11-26T12:00:00Z.'
  throw new MarketplaceError({ code: 'setting-invalid', message, details: text })
}
