/** The documents keep up with the code: every error code is explained, and none that does not exist. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exitCodeOf, exitCodes } from '../apps/relay/src/commands/output.ts'
import { errorCodes } from '../shared/protocol/src/errors.ts'

test('docs/errors.md explains every error code', () => {
  const text = readFileSync(join(import.meta.dirname, '../docs/errors.md'), 'utf8')
  const explained = [...text.matchAll(/^### (.+)$/gm)].map(([, code]) => code)
  expect(explained.toSorted()).toEqual([...errorCodes].toSorted())
})

test('docs/errors.md names the exit code of every error code', () => {
  const text = readFileSync(join(import.meta.dirname, '../docs/errors.md'), 'utf8')
  for (const exitCode of [exitCodes.usage, exitCodes.unreachable]) {
    const row = new RegExp(`^\\| ${exitCode} .*\\|(.*)\\|$`, 'm').exec(text)?.[1] ?? ''
    const named = [...row.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code)
    expect(named.toSorted()).toEqual(errorCodes.filter((code) => exitCodeOf(code) === exitCode).toSorted())
  }
})
