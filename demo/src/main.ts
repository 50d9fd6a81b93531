/** `npm start`: the demo network; `--once` uses it and stops, `--fresh` starts over. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { askAsNewcomer } from './ask.ts'
import { type DemoNetwork, startDemoNetwork } from './demo-network.ts'
import { pathOf } from './network/datasets.ts'
import { whenOrphaned } from './processes/supervisor.ts'

const help = `npm start                  the demo network, until Ctrl-C; a second start resumes
npm start -- --once        start everything, subscribe, query, print, stop
npm start -- --fresh       forget what an earlier start left
npm start -- --port 8080   serve the web app at this port; 0 for any free one`

const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
    directory: { type: 'string' },
    port: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const started = performance.now()
const end = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => end.abort(`stopped by ${name}`))
void whenOrphaned({ signal: end.signal }).then(() => end.abort('the parent process is gone'))

process.exitCode = values.help ? showHelp() : await run()
// WebRTC's native threads outlive the last connection; every process of ours has ended by now.
process.exit()

function showHelp(): number {
  print(help)
  return 0
}

async function run(): Promise<number> {
  const directory = values.once
    ? await mkdtemp(join(tmpdir(), 'enigma-demo-'))
    : resolve(values.directory ?? '.enigma/demo')
  if (values.fresh) await rm(directory, { recursive: true, force: true })
  let demo: DemoNetwork | undefined
  try {
    demo = await untilEnded(
      startDemoNetwork({
        directory,
        ...(values.once ? {} : { web: { port: readPort(values.port) } }),
        tell: step,
        onFailure: (text) => end.abort(text),
      }),
    )
    const line = await untilEnded(ask(demo))
    if (!values.once) await serve(demo, line)
    await demo.stop()
    if (values.once) await rm(directory, { recursive: true, force: true })
    print(line)
    return 0
  } catch (error) {
    await demo?.stop()
    if (end.signal.aborted && !values.once) {
      step(String(end.signal.reason))
      return 0
    }
    process.stderr.write(
      `${error instanceof Error ? error.message : String(error)}\nlogs: ${join(directory, 'logs')}\n`,
    )
    return 1
  }
}

function ask({ chain, datasets }: DemoNetwork): Promise<string> {
  const path = (name: string) => {
    const dataset = datasets.find((each) => each.name === name)
    if (dataset === undefined) throw new Error(`there is no ${name}`)
    return pathOf(dataset)
  }
  return askAsNewcomer({
    network: chain.network,
    candlesPath: path('coinbase_data'),
    flightsPath: path('flights'),
    tell: step,
  })
}

function readPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port < 65_536) return port
  throw new Error(`--port takes a number from 0 to 65535, not ${JSON.stringify(text)}`)
}

/** Says where to look, and waits for Ctrl-C. */
async function serve({ networkPath, datasets, faucetUrl, webUrl, nodes }: DemoNetwork, line: string): Promise<void> {
  print(line)
  print(`\nThe network runs. Press Ctrl-C to stop it.\n
  open           ${webUrl ?? ''}
  network file   ${networkPath}
  faucet         ${faucetUrl}
${nodes.map(({ name, healthUrl }) => `  ${name.padEnd(20)} ${healthUrl}`).join('\n')}
${datasets.map((dataset) => `  dataset        ${pathOf(dataset)}`).join('\n')}\n
  npm run -s enigma -- key new me.key
  npm run -s enigma -- query ${datasets.map(pathOf).at(-2) ?? ''} "SELECT * FROM zipcodes LIMIT 5" --sample --network ${networkPath}`)
  if (end.signal.aborted) return
  await new Promise<void>((done) => end.signal.addEventListener('abort', () => done(), { once: true }))
  step(String(end.signal.reason))
}

/** The result, or the reason why the demo ends first. */
async function untilEnded<Result>(work: Promise<Result>): Promise<Result> {
  const ended = Promise.withResolvers<never>()
  const stop = () => ended.reject(new Error(String(end.signal.reason)))
  if (end.signal.aborted) stop()
  end.signal.addEventListener('abort', stop, { once: true })
  return Promise.race([work, ended.promise])
}

function step(text: string): void {
  print(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
