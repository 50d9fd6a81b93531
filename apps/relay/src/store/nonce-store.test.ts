import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Hex } from '@enigma/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createNonceStore, nonceMigrations } from './nonce-store.ts'
import { openDatabase } from './open-database.ts'

const scope: Hex = `0x${'ab'.repeat(32)}`
const nonceOf = (index: number): Hex => `0x${index.toString(16).padStart(32, '0')}`
const at = { keepUntilSeconds: 1000, nowSeconds: 900 }

describe('createNonceStore', () => {
  let directory = ''
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'enigma-nonce-'))
  })
  afterAll(() => rm(directory, { recursive: true }))

  it('admits a nonce once within its scope, also after the database was opened again', () => {
    const path = join(directory, 'nonce.sqlite')
    const database = openDatabase({ path, migrations: nonceMigrations })
    const store = createNonceStore({ database })
    expect(store.consume({ scope, nonce: nonceOf(1), ...at })).toBe(true)
    expect(store.consume({ scope, nonce: nonceOf(1), ...at })).toBe(false)
    expect(store.consume({ scope: `0x${'cd'.repeat(32)}`, nonce: nonceOf(1), ...at })).toBe(true)
    database.close()
    const again = openDatabase({ path, migrations: nonceMigrations })
    expect(createNonceStore({ database: again }).consume({ scope, nonce: nonceOf(1), ...at })).toBe(false)
    again.close()
  })

  it('forgets nonces of queries that have long expired, and no others', () => {
    const database = openDatabase({ path: ':memory:', migrations: nonceMigrations })
    const store = createNonceStore({ database })
    for (let index = 0; index < 100; index++) store.consume({ scope, nonce: nonceOf(index), ...at })
    for (let index = 100; index < 1000; index++) {
      store.consume({ scope, nonce: nonceOf(index), keepUntilSeconds: 3000, nowSeconds: 1001 })
    }
    expect(store.count()).toBe(900)
    database.close()
  })

  it('remembers every acknowledged nonce of a process that was killed with -9', async () => {
    const path = join(directory, 'killed.sqlite')
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('./fixtures/consume-nonces.ts', import.meta.url)), path],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let text = ''
    for await (const chunk of child.stdout) {
      text += String(chunk)
      if (text.split('\n').length > 500) break
    }
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    const acknowledged = text.slice(0, text.lastIndexOf('\n')).split('\n').map(Number)
    const database = openDatabase({ path, migrations: nonceMigrations })
    const store = createNonceStore({ database })
    const admitted = acknowledged.filter((index) => store.consume({ scope, nonce: nonceOf(index), ...at }))
    expect(acknowledged.length).toBeGreaterThanOrEqual(500)
    expect(admitted).toEqual([])
    database.close()
  })
})
