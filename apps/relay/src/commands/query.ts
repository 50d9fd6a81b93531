/** `enigma query`: ask a dataset as a subscriber, or its free sample. */
import type { QueryRun } from '@enigma/client'
import { MarketplaceError, type Parameter, parameterSchema } from '@enigma/protocol'
import type { Command } from 'commander'
import * as v from 'valibot'
import { commandAccount } from '../daemon/key-file.ts'
import {
  action,
  type CommandContext,
  networkOf,
  parseCount,
  type SigningOptions,
  withSigningOptions,
} from './context.ts'
import { openSessions } from './file-key-store.ts'
import type { Output } from './output.ts'
import { signerOf } from './signer.ts'

type QueryOptions = SigningOptions & {
  param: string[]
  path: 'blind' | 'direct'
  webrtc?: boolean
  sample?: boolean
  maxRows?: string
  minBlock?: string
}

/** Adds `enigma query`. */
export function addQueryCommand(program: Command, context: CommandContext): void {
  withSigningOptions(program.command('query <dataset> <sql>'))
    .description('run one SELECT on <curator>/<name>; the answer is encrypted to a key of this machine')
    .option('--param <type:value>', 'value of $1, $2, … in order, such as text:BTC-USD, bigint:7, null', collect, [])
    .option(
      '--path <path>',
      'blind: a relay hides your address from the node; direct: faster, the node sees it',
      'blind',
    )
    .option('--webrtc', 'dial by WebRTC only')
    .option('--sample', 'ask the free sample; needs no key and no subscription')
    .option('--max-rows <n>', 'at most this many rows (default: what the dataset allows)')
    .option('--min-block <n>', 'the node must have seen this block, such as that of your subscription')
    .addHelpText(
      'after',
      '\nExamples:\n  enigma query 0x…/coinbase_data "SELECT * FROM candles ORDER BY time DESC LIMIT 10" --key alice.key' +
        '\n  enigma query 0x…/zipcodes "SELECT * FROM zipcodes WHERE state = $1" --param text:NY --sample',
    )
    .action(
      action(context, async (output, options: QueryOptions, dataset: string, sql: string) => {
        const network = await networkOf(context, options)
        const keys = openSessions(context)
        const { createNodeClient } = await import('@enigma/client/node')
        const client = await createNodeClient({ network, keys })
        try {
          const query = { ...queryOf(options, output, context.signal), dataset, sql }
          if (options.sample === true) {
            await print(output, client.sample(query))
            return
          }
          const account = await commandAccount({ keyFile: options.key, environment: context.environment })
          await client.authorize({ signer: signerOf(account) })
          const minBlock =
            options.minBlock === undefined ? {} : { minBlock: parseCount(options.minBlock, '--min-block') }
          await print(output, client.query({ ...query, ...minBlock, account: account.address }))
        } finally {
          await client.close()
        }
      }),
    )
}

function queryOf(options: QueryOptions, output: Output, signal: AbortSignal) {
  if (options.path !== 'blind' && (options.path as string) !== 'direct') {
    throw new MarketplaceError({ code: 'setting-invalid', message: '--path is blind or direct.' })
  }
  return {
    parameters: options.param.map(parseParameter),
    path: options.path,
    webrtcOnly: options.webrtc === true,
    signal,
    ...(options.maxRows === undefined ? {} : { maxRows: parseCount(options.maxRows, '--max-rows') }),
    onProgress: ({ text }: { text: string }) => output.progress(text),
  }
}

async function print(output: Output, run: QueryRun): Promise<void> {
  const { rows, columns, facts, transport, path, timings, isTruncated, node } = await run.collect()
  output.progressDone()
  output.rows(columns, rows)
  if (output.json) return
  output.progress(
    `${rows.length} rows${isTruncated ? ' (cut at the limit)' : ''} · snapshot ${facts.seq} · ${path} path over ${transport.kind}` +
      ` · node ${node.peerId} · ${timings.totalMs.toFixed(0)} ms · encrypted to this machine, receipt verified`,
  )
  output.progressDone()
}

function collect(value: string, before: string[]): string[] {
  return [...before, value]
}

/** What is none stays a text, and is refused as one. */
function numberOf(raw: string): number | string {
  const value = Number(raw)
  return raw.trim() === '' || Number.isNaN(value) ? raw : value
}

function booleanOf(raw: string): boolean | string {
  return raw === 'true' ? true : raw === 'false' ? false : raw
}

/** Parses `type:value`. */
export function parseParameter(text: string): Parameter {
  const at = text.indexOf(':')
  const type = at < 0 ? text : text.slice(0, at)
  const raw = at < 0 ? '' : text.slice(at + 1)
  const value = type === 'double' ? numberOf(raw) : type === 'boolean' ? booleanOf(raw) : raw
  const parsed = v.safeParse(parameterSchema, type === 'null' ? { type } : { type, value })
  if (parsed.success) return parsed.output
  throw new MarketplaceError({
    code: 'setting-invalid',
    message: 'A parameter is type:value, the type one of null, boolean, bigint, double, text, date, timestamp.',
    details: text,
  })
}
