import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parameterTypes } from './find-parameters.ts'
import { decodeFragment, encodeFragment } from './share-link.ts'

const anyQuery = fc.record({
  sql: fc.string({ unit: 'binary', maxLength: 2000 }),
  parameters: fc.array(fc.record({ type: fc.constantFrom(...parameterTypes), text: fc.string({ maxLength: 50 }) }), {
    maxLength: 8,
  }),
})

test('what was shared is what opens', async () => {
  await fc.assert(
    fc.asyncProperty(anyQuery, async (query) => {
      const fragment = await encodeFragment(query)
      expect(fragment).toMatch(/^#q=[A-Za-z0-9_-]+$/)
      expect(await decodeFragment(fragment)).toEqual(query)
    }),
  )
})

test('whatever stands in the fragment, nothing is thrown', async () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => `#q=${Buffer.from(each).toString('base64url')}`)
  const text = fc.string({ unit: 'binary', maxLength: 300 }).map((each) => `#${each}`)
  const deflated = fc.string().map((each) => `#q=${deflateRawSync(each).toString('base64url')}`)
  const plain = fc.string({ unit: 'binary' }).map((each) => `#sql=${each}`)
  await fc.assert(
    fc.asyncProperty(fc.oneof(bytes, text, deflated, plain), async (fragment) => {
      const query = await decodeFragment(fragment)
      if (query !== undefined) expect(query.sql).toBeTypeOf('string')
    }),
    { numRuns: 2000 },
  )
})

test('a bomb is left before it is inflated', async () => {
  const bomb = deflateRawSync(Buffer.alloc(40 * 1024 * 1024, 0x20)).toString('base64url')
  expect(bomb.length).toBeLessThan(64 * 1024)
  expect(await decodeFragment(`#q=${bomb}`)).toBeUndefined()
})

test('plain SQL is read, too', async () => {
  expect(await decodeFragment('#sql=SELECT%201%20%2B%201')).toEqual({ sql: 'SELECT 1 + 1', parameters: [] })
  expect(await decodeFragment('#sql=%')).toBeUndefined()
  expect(await decodeFragment('#main')).toBeUndefined()
})
