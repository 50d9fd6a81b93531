/** The examples of the SDK's README as files: each is named by a comment in front of it. */
import { readFile } from 'node:fs/promises'

export type ReadmeExample = { name: string; code: string }

/** Reads every example; throws for a piece of TypeScript that has no name. */
export async function readReadmeExamples(path: string): Promise<ReadmeExample[]> {
  const text = await readFile(path, 'utf8')
  const named = [...text.matchAll(/<!-- (\S+[.]ts) -->\n+```ts\n([\s\S]*?)```/g)]
  const pieces = text.match(/^```ts$/gm) ?? []
  if (named.length !== pieces.length) throw new Error(`${path}: ${pieces.length - named.length} examples have no name`)
  return named.map(([, name = '', code = '']) => ({ name, code }))
}
