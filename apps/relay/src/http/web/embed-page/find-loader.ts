/** The widget that the app's folder holds: its newest version, and the hash of its loader. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export type Loader = { path: string; integrity: string }

/** Finds it; undefined where the folder holds none, as one that was built without. */
export async function findLoader(directory: string): Promise<Loader | undefined> {
  const folder = join(directory, 'widget')
  const names = await readdir(folder).catch(ifThereIsNone<string[]>([]))
  const versions = names.filter((name) => /^\d+\.\d+\.\d+$/.test(name)).sort(byNumber)
  const version = versions.at(-1)
  if (version === undefined) return undefined
  const text = await readFile(join(folder, version, 'integrity.json'), 'utf8').catch(ifThereIsNone(undefined))
  const files = text === undefined ? {} : (JSON.parse(text) as Record<string, unknown>)
  const integrity = files['enigma-query.js']
  if (typeof integrity !== 'string' || !/^sha384-[A-Za-z0-9+/]{64}$/.test(integrity)) return undefined
  return { path: `/widget/${version}/enigma-query.js`, integrity }
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

function ifThereIsNone<Value>(value: Value): (error: unknown) => Value {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return value
    throw error
  }
}
