import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openQueryKeys } from './query-keys.ts'

const daySeconds = 86_400

describe('openQueryKeys', () => {
  let directory = ''
  let now = 1_700_000_000
  const open = (name: string) => openQueryKeys({ path: join(directory, name), nowSeconds: () => now })
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'enigma-keys-'))
  })
  afterAll(() => rm(directory, { recursive: true }))

  it('creates a file for its owner only and opens the same key again, not extractable', async () => {
    const first = await open('same')
    expect((await stat(join(directory, 'same'))).mode & 0o777).toBe(0o600)
    const again = await open('same')
    expect(again.current).toEqual(first.current)
    expect(again.pairOf(first.current.keyId)?.privateKey.extractable).toBe(false)
    expect(first.current.queryKey).toMatch(/^0x04[0-9a-f]{128}$/)
  })

  it('lets the previous key open until its last record expires, also after a restart, then erases it', async () => {
    const keys = await open('rotate')
    const previous = keys.current
    await keys.keepCurrentUntil(now + daySeconds)
    await keys.rotate({ maxAgeSeconds: 60 })
    expect(keys.current).toEqual(previous)
    now += 61
    await keys.rotate({ maxAgeSeconds: 60 })
    expect(keys.current.keyId).not.toBe(previous.keyId)
    expect((await open('rotate')).pairOf(previous.keyId)).toBeDefined()
    now += daySeconds
    expect(keys.pairOf(previous.keyId)).toBeUndefined()
    const withBoth = await readFile(join(directory, 'rotate'), 'utf8')
    await keys.rotate({ maxAgeSeconds: 7 * daySeconds })
    const { keys: stored } = JSON.parse(await readFile(join(directory, 'rotate'), 'utf8')) as { keys: unknown[] }
    expect((JSON.parse(withBoth) as { keys: unknown[] }).keys).toHaveLength(2)
    expect(stored).toHaveLength(1)
  })

  it('does not know a foreign key', async () => {
    expect((await open('foreign')).pairOf('0x0000000000000000')).toBeUndefined()
  })

  it('refuses a file that others can read, and one that holds no keys', async () => {
    await open('open')
    await chmod(join(directory, 'open'), 0o644)
    await expect(open('open')).rejects.toThrow(/chmod 600/)
    await writeFile(join(directory, 'empty'), '{}', { mode: 0o600 })
    await expect(open('empty')).rejects.toThrow(/no query keys/)
  })
})
