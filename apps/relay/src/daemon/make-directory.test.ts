import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKeyFile } from './key-file.ts'
import { makeDirectory } from './make-directory.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'enigma-directory-'))
})
afterAll(() => rm(directory, { recursive: true }))

test('makes a directory with its parents for its owner, once or twice', async () => {
  const path = join(directory, 'a/b/c')
  await makeDirectory(path)
  await makeDirectory(path)
  expect((await stat(path)).mode & 0o777).toBe(0o700)
})

test('a file in the way is named', async () => {
  const file = join(directory, 'file')
  await writeFile(file, '')
  for (const path of [file, join(file, 'below')]) {
    await expect(makeDirectory(path)).rejects.toMatchObject({ code: 'setting-invalid' })
  }
})

test.runIf(process.platform === 'linux')('a key in /proc is refused at once', async () => {
  for (const path of ['/proc/enigma/deep/a.key', '/proc/a.key']) {
    await expect(createKeyFile({ path })).rejects.toMatchObject({ code: 'setting-invalid' })
  }
})
