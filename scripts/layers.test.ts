/** Each of the three guards of the layer law catches a planted breach, and passes what is allowed. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const bin = (name: string) => join(root, 'node_modules/.bin', name)
let tree: string

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'enigma-layers-'))
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
  plant('shared/protocol/src/index.ts', `export const word = 'query'\n`)
  plant('shared/crypto/src/index.ts', `export const seal = 'sealed'\n`)
  symlinkSync(join(root, 'shared/protocol/node_modules'), join(tree, 'shared/protocol/node_modules'))
  plant(
    'shared/tsconfig.json',
    JSON.stringify({ extends: join(root, 'shared/tsconfig.json'), include: [join(tree, 'shared/*/src/**/*.ts')] }),
  )
  plant('package.json', JSON.stringify({ type: 'module' }))
  plant('tsconfig.base.json', JSON.stringify({ extends: join(root, 'tsconfig.base.json') }))
})

afterEach(() => rmSync(tree, { recursive: true, force: true }))

function plant(path: string, text: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true })
  writeFileSync(join(tree, path), text)
}

function run(command: string, ...args: string[]): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(bin(command), args, { cwd: tree, encoding: 'utf8' })
  return { status, text: stdout + stderr }
}

const cruise = () => run('depcruise', 'shared', '--config', join(root, '.dependency-cruiser.js'))
const types = () => run('tsc', '-p', 'shared')

describe('the layer law', () => {
  test('passes a tree without a breach', () => {
    plant('shared/protocol/src/schema.ts', `import * as v from 'valibot'\nexport const text = v.string()\n`)
    expect(cruise()).toMatchObject({ status: 0 })
    expect(types()).toEqual({ status: 0, text: '' })
  })

  test('dependency-cruiser refuses an upward import', () => {
    plant('shared/protocol/src/breach.ts', `export { seal } from '../../crypto/src/index.ts'\n`)
    const { status, text } = cruise()
    expect(status).not.toBe(0)
    expect(text).toContain('layer-protocol')
  })

  test('an undeclared sibling does not resolve', () => {
    plant('shared/protocol/src/breach.ts', `export { seal } from '@enigma/crypto'\n`)
    const { status, text } = types()
    expect(status).not.toBe(0)
    expect(text).toContain(`Cannot find module '@enigma/crypto'`)
  })

  test(`Node's globals do not exist in shared packages`, () => {
    plant('shared/protocol/src/breach.ts', `export const home = process.env['HOME']\n`)
    const { status, text } = types()
    expect(status).not.toBe(0)
    expect(text).toContain(`Cannot find name 'process'`)
  })
})
