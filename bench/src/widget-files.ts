/** The widget's own files as a relay serves them, built if need be. */
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)

export type WidgetFiles = {
  loader: Buffer
  /** What the loader brings before the first row. */
  client: Buffer[]
  /** What is loaded when it is wanted: WebRTC where a network has no WebSocket, files for saving. */
  later: Buffer[]
}

/** Builds the widget unless it was built from these very sources, and reads it. */
export async function widgetFiles(onProgress: (text: string) => void): Promise<WidgetFiles> {
  onProgress('building the widget')
  await run(process.execPath, [join(root, 'scripts/build-widget.mjs')], { cwd: root })
  const { version } = JSON.parse(await readFile(join(root, 'shared/widget/package.json'), 'utf8')) as {
    version: string
  }
  const directory = join(root, 'shared/widget/dist', version)
  const names = (await readdir(directory)).filter((name) => name.endsWith('.js') && name !== 'enigma-query.js')
  const core = names.find((name) => /^core-[\w-]+\.js$/.test(name))
  if (core === undefined) throw new Error(`${directory} has no core`)
  const read = (name: string) => readFile(join(directory, name))
  const needed = await filesBehind(core, async (name) => (await read(name)).toString())
  return {
    loader: await read('enigma-query.js'),
    client: await Promise.all([...needed].map(read)),
    later: await Promise.all(names.filter((name) => !needed.has(name)).map(read)),
  }
}

/** The module and every one that it imports, at once or later, as the loader proves them before it runs it. */
async function filesBehind(
  entry: string,
  textOf: (name: string) => Promise<string>,
  found = new Set<string>(),
): Promise<ReadonlySet<string>> {
  if (found.has(entry)) return found
  found.add(entry)
  for (const [, next = ''] of (await textOf(entry)).matchAll(/["'`]\.\/([\w.-]+\.js)["'`]/g)) {
    await filesBehind(next, textOf, found)
  }
  return found
}
