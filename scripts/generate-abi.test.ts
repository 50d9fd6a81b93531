import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('the committed ABIs and bytecode are what the contracts compile to', { timeout: 240_000 }, async () => {
  const script = join(import.meta.dirname, 'generate-abi.mjs')
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--check'])
  const files = ['eng-token.ts', 'marketplace.ts', 'grant-registry.ts', 'dataset-read.ts']
  expect(stdout).toBe(files.map((file) => `${file}: matches the contracts\n`).join(''))
})
