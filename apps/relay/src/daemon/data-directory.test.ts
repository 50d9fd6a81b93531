import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { noncesKnownSince, readBackupFacts } from './backup-facts.ts'
import { backupNode, restoreNode } from './backup.ts'
import { lockDataDirectory, readNodeFile, writeNodeFile } from './data-directory.ts'
import { commandAccount, createKeyFile, openKeyFile, readKeyFile } from './key-file.ts'
import { openNodeState } from './node-state.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'enigma-data-'))
})
afterEach(() => rm(directory, { recursive: true }))

const nowSeconds = () => 1_800_000_000

describe('key files', () => {
  test('are readable by their owner only, and never overwritten', async () => {
    const path = join(directory, 'keys', 'a.key')
    const { address } = await createKeyFile({ path })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await readKeyFile({ path })).address).toBe(address)
    expect((await openKeyFile({ path })).address).toBe(address)
    await expect(createKeyFile({ path })).rejects.toMatchObject({ code: 'setting-invalid' })
  })

  test('that others can read, or that hold no key, are refused', async () => {
    const path = join(directory, 'a.key')
    await createKeyFile({ path })
    await chmod(path, 0o644)
    await expect(readKeyFile({ path })).rejects.toThrow('chmod 600')
    await writeFile(join(directory, 'b.key'), 'hello', { mode: 0o600 })
    await expect(readKeyFile({ path: join(directory, 'b.key') })).rejects.toMatchObject({ code: 'setting-invalid' })
  })

  test('may be replaced by the environment, which must hold a key', async () => {
    const environment = { ENIGMA_KEY: `0x${'01'.repeat(32)}` }
    expect((await commandAccount({ keyFile: undefined, environment })).address).toMatch(/^0x/)
    await expect(commandAccount({ keyFile: undefined, environment: {} })).rejects.toThrow('--key')
    const wrong = commandAccount({ keyFile: undefined, environment: { ENIGMA_KEY: 'secret-text' } })
    await expect(wrong).rejects.toThrow(/^(?!.*secret-text)/)
  })
})

describe('a data directory', () => {
  test('is held by one process, and free again when that is killed with -9', async () => {
    const code = `import('${join(import.meta.dirname, 'data-directory.ts')}').then(async ({ lockDataDirectory }) => {
      await lockDataDirectory({ directory: process.argv[1] }); console.log('held'); setInterval(() => {}, 1000) })`
    const child = spawn(process.execPath, ['--input-type=module', '-e', code, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    await expect(lockDataDirectory({ directory })).rejects.toMatchObject({ code: 'setting-invalid' })
    child.kill('SIGKILL')
    await once(child, 'exit')
    const lock = await lockDataDirectory({ directory })
    lock.release()
  })

  test('tells other commands where its node listens', async () => {
    expect(await readNodeFile({ directory })).toBeUndefined()
    const node = { pid: 1, httpPort: 2, peerId: 'p', signer: '0x' }
    await writeNodeFile({ directory, node })
    expect(await readNodeFile({ directory })).toEqual(node)
  })

  test('is backed up although its node drops old segments meanwhile', async () => {
    const [data, copy] = [join(directory, 'data'), join(directory, 'copy')]
    const segments = join(data, 'snapshots', `0x${'da'.repeat(32)}`, 'segments')
    await mkdir(segments, { recursive: true })
    const names = Array.from({ length: 600 }, (_, at) => `${String(at).padStart(4, '0')}.parquet`)
    for (const name of names) await writeFile(join(segments, name), name)
    const dropped: Promise<void>[] = []
    const drop = async () => {
      for (const name of names.slice(1)) await rm(join(segments, name))
    }
    const onProgress = (text: string) => {
      if (text === 'snapshots') dropped.push(drop())
    }
    await backupNode({ dataDirectory: data, directory: copy, nowSeconds: 5, onProgress })
    await Promise.all(dropped)
    expect(await readFile(join(copy, 'snapshots', `0x${'da'.repeat(32)}`, 'segments', '0000.parquet'), 'utf8')).toBe(
      '0000.parquet',
    )
    expect(await readBackupFacts({ directory: copy })).toEqual({ takenAtSeconds: 5 })
  })

  test('is backed up while its node runs, and restored whole, never over another', async () => {
    const [data, copy, restored] = ['data', 'copy', 'restored'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ]
    const state = await openNodeState({ directory: data, nowSeconds, onDamaged: (error) => expect.fail(String(error)) })
    state.settings.set('node-record-seq', 7)
    await backupNode({ dataDirectory: data, directory: copy, nowSeconds: 5, onProgress: () => undefined })
    const { queryKey } = state.queryKeys.current
    const { address } = state.signer
    expect(state.restored).toBeUndefined()
    state.close()
    await restoreNode({ dataDirectory: restored, directory: copy, nowSeconds: 9 })
    const again = await openNodeState({
      directory: restored,
      nowSeconds,
      onDamaged: (error) => expect.fail(String(error)),
    })
    expect(again.signer.address).toBe(address)
    expect(again.queryKeys.current.queryKey).toBe(queryKey)
    expect(again.settings.get('node-record-seq', v.number())).toBe(7)
    expect(again.restored).toEqual({ takenAtSeconds: 5, restoredAtSeconds: 9 })
    expect(noncesKnownSince({ startedAtSeconds: 3, restored: again.restored })).toBe(9)
    expect(noncesKnownSince({ startedAtSeconds: 30, restored: again.restored })).toBe(30)
    expect(noncesKnownSince({ startedAtSeconds: 3, restored: undefined })).toBe(3)
    again.close()
    await rm(join(copy, 'backup.json'))
    const cutShort = restoreNode({ dataDirectory: join(directory, 'other'), directory: copy, nowSeconds: 9 })
    await expect(cutShort).rejects.toMatchObject({ code: 'setting-invalid' })
    await expect(restoreNode({ dataDirectory: data, directory: copy, nowSeconds: 9 })).rejects.toMatchObject({
      code: 'setting-invalid',
    })
    await expect(
      backupNode({ dataDirectory: data, directory: copy, nowSeconds: 5, onProgress: () => undefined }),
    ).rejects.toThrow('exists')
    expect((await readFile(join(restored, 'signer.key'), 'utf8')).trim()).toMatch(/^0x[0-9a-f]{64}$/)
  })
})
