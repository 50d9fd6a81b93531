import type { Template } from '@enigma/protocol'
import fc from 'fast-check'
import { bytesToHex } from 'viem'
import { expect, test } from 'vitest'
import { claimTemplate, rootOfClaim, templatesRootOf } from './templates.ts'

const templateOf = (index: number): Template => ({
  name: `template_${index}`,
  sql: `select ${index}`,
  parameters: [
    { name: 'flag', type: 'boolean', allowed: { kind: 'values', values: [{ type: 'boolean', value: true }] } },
  ],
  maxRows: index,
})
const templatesOf = (count: number) => Array.from({ length: count }, (_, index) => templateOf(index))

test('every template of any number of them is proven under their root', async () => {
  for (let count = 1; count <= 17; count++) {
    const templates = templatesOf(count)
    const root = await templatesRootOf(templates)
    for (const { name, sql } of templates) {
      expect(await rootOfClaim({ sql, claim: await claimTemplate(templates, name) })).toBe(root)
    }
  }
})

test('no other SQL, terms, place or proof leads to the root', async () => {
  const templates = templatesOf(9)
  const root = await templatesRootOf(templates)
  const claim = await claimTemplate(templates, 'template_4')
  const sql = 'select 4'
  const [first = '0x', ...rest] = claim.proof
  const others = [
    { sql: 'select 5', claim },
    { sql: 'select 4 ', claim },
    { sql, claim: { ...claim, terms: { ...claim.terms, maxRows: 5 } } },
    { sql, claim: { ...claim, terms: { ...claim.terms, parameters: [] } } },
    { sql, claim: { ...claim, index: 5 } },
    { sql, claim: { ...claim, proof: rest } },
    { sql, claim: { ...claim, proof: [first, ...claim.proof] } },
    { sql, claim: { ...claim, proof: [...claim.proof].reverse() } },
    { sql, claim: { ...claim, index: 9 } },
  ]
  for (const other of others) expect(await rootOfClaim(other)).not.toBe(root)
})

test('the order of templates counts, and one of no such name is none', async () => {
  const templates = templatesOf(3)
  expect(await templatesRootOf(templates.toReversed())).not.toBe(await templatesRootOf(templates))
  await expect(claimTemplate(templates, 'other')).rejects.toMatchObject({ code: 'template-unknown' })
})

test('a proof of any form is answered, whatever is claimed of place and number', async () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytesToHex(bytes))
  const terms = templateOf(1)
  const claims = fc.record({
    index: fc.integer({ min: 0, max: 63 }),
    count: fc.integer({ min: 1, max: 64 }),
    proof: fc.array(hash, { maxLength: 6 }),
  })
  const root = await templatesRootOf(templatesOf(5))
  await fc.assert(
    fc.asyncProperty(claims, async (place) => {
      const { name, parameters, maxRows } = terms
      const claim = { terms: { name, parameters, maxRows }, ...place }
      expect(await rootOfClaim({ sql: 'select 1', claim })).not.toBe(root)
    }),
  )
})
