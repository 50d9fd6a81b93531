/** The documents keep up with the code: every error code is explained, and none that does not exist. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorCodes } from '../shared/protocol/src/errors.ts'

test('docs/errors.md explains every error code', () => {
  const text = readFileSync(join(import.meta.dirname, '../docs/errors.md'), 'utf8')
  const explained = [...text.matchAll(/^### (.+)$/gm)].map(([, code]) => code)
  expect(explained.toSorted()).toEqual([...errorCodes].toSorted())
})
