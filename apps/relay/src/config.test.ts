import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseSettings, readConfig } from './config.ts'

describe('parseSettings', () => {
  test('fills in every default', () => {
    const settings = parseSettings('roles = ["relay"]', 'enigma.toml')
    expect(settings).toMatchObject({ dataDirectory: 'data', private: false, httpPort: 0, keeper: { curators: [] } })
    expect(settings.persistence.processes).toBe(3)
  })

  const wrong: [name: string, text: string, field: string][] = [
    ['a role that does not exist', 'roles = ["miner"]', 'roles'],
    ['no role', 'roles = []', 'roles'],
    ['a setting that does not exist', 'roles = ["relay"]\nspeed = 3', 'speed'],
    ['an override that is no URL', 'roles = ["worker"]\n[worker.hostOverrides]\n"a.b" = "x"', 'worker.hostOverrides'],
    ['a script of no dataset', 'roles = ["worker"]\n[worker.scripts]\ncandles = "a.ts"', 'worker.scripts'],
    ['a web app without a relay', 'roles = ["worker"]\n[web]\ndirectory = "build"', 'web'],
    ['a port out of range', 'roles = ["relay"]\nhttpPort = 70000', 'httpPort'],
  ]
  test.each(wrong)('names the setting for %s', (_name, text, field) => {
    expect(() => parseSettings(text, 'enigma.toml')).toThrow(field)
  })

  test('refuses what is not TOML', () => {
    expect(() => parseSettings('roles = [', 'enigma.toml')).toThrow('not valid TOML')
  })
})

describe('readConfig', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'enigma-config-'))
  })
  afterEach(() => rm(directory, { recursive: true }))

  test('takes paths relative to the file and reads the network file', async () => {
    const address = `0x${'11'.repeat(20)}`
    const network = {
      ...{ v: 1, name: 'test', chainId: 31_337, token: address, marketplace: address, deploymentBlock: 1 },
      ...{ rpcUrls: ['http://127.0.0.1:8545'], relays: [], referencePriceWei: '10', confirmations: 0 },
    }
    await writeFile(join(directory, 'net.json'), JSON.stringify(network))
    await writeFile(join(directory, 'enigma.toml'), 'roles = ["relay"]\nnetwork = "net.json"\ndataDirectory = "state"')
    const config = await readConfig({ path: join(directory, 'enigma.toml') })
    expect(config.dataDirectory).toBe(join(directory, 'state'))
    expect(config.networkFile.chainId).toBe(31_337)
    expect(config.development).toBe(true)
    await writeFile(join(directory, 'net.json'), JSON.stringify({ ...network, chainId: 1 }))
    expect((await readConfig({ path: join(directory, 'enigma.toml') })).development).toBe(false)
  })

  test('says which file cannot be read', async () => {
    await expect(readConfig({ path: join(directory, 'none.toml') })).rejects.toMatchObject({ code: 'setting-invalid' })
  })
})
