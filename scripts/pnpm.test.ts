/** `npm start` on a machine that does not reach the registry, and how the launcher of pnpm passes on what it is told. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'

const launcher = join(import.meta.dirname, 'pnpm.mjs')

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'enigma-pnpm-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

function launch(args: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [launcher, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env })
  let errors = ''
  child.stderr.on('data', (part) => (errors += String(part)))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, errors }))
  return { child, ended }
}

/** The launcher with an `npx` in place of the real one. */
async function launchWith(script: string) {
  const bin = await mkdtemp(join(directory, 'bin-'))
  const npx = join(bin, 'npx')
  await writeFile(npx, `#!/bin/sh\n${script}\n`)
  await chmod(npx, 0o755)
  return launch(['run', 'demo'], { ...process.env, PATH: [bin, process.env['PATH']].join(delimiter) })
}

test('without a registry and with an empty cache it says in one sentence what to do', async () => {
  const home = join(directory, 'home')
  await mkdir(home)
  const { ended } = launch(['--version'], {
    ...{ PATH: process.env['PATH'], HOME: home, npm_config_cache: join(home, 'cache') },
    ...{ npm_config_registry: 'http://127.0.0.1:9', npm_config_loglevel: 'silent', npm_config_fetch_retries: '0' },
  })
  const { code, errors } = await ended
  expect(code).not.toBe(0)
  expect(errors).toMatch(/^enigma: pnpm@\S+ could not be fetched .*npm ping.*run the command again\.$/m)
}, 120_000)

test('a command that fails by itself keeps its exit code and gets no such sentence', async () => {
  const { ended } = await launchWith('case "$1" in --offline) exit 0;; *) exit 7;; esac')
  expect(await ended).toEqual({ code: 7, errors: '' })
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s reaches the command, whose end it waits for', async (signal) => {
  const { child, ended } = await launchWith(`trap 'exit 5' INT TERM\necho ready\nwhile :; do sleep 0.05; done`)
  await once(createInterface({ input: child.stdout }), 'line')
  child.kill(signal)
  expect((await ended).code).toBe(5)
})
