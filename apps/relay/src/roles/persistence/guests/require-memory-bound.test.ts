import { expect, test } from 'vitest'
import { parseSettings } from '../../../config.ts'
import { type GuestListing, guestTermsOf, unmetTerm } from './guest-terms.ts'
import { requireMemoryBound } from './require-memory-bound.ts'

const account = `0x${'c0'.repeat(20)}` as const
const dataset = `0x${'01'.repeat(32)}` as const
const listing: GuestListing = { dataset, curator: account, rate: 10n, deposit: 1n, payouts: [], registeredBlock: 1 }

function termsOf(curators: string) {
  const { persistence } = parseSettings(
    `roles = ["persistence"]\n[persistence.accepts]\ncurators = ${curators}`,
    'enigma.toml',
  )
  return guestTermsOf(persistence.accepts, account)
}

test.each(['"anyone"', `["${account}"]`])('without prlimit a node for %s takes no guests and says so', (curators) => {
  const terms = termsOf(curators)
  const bounded = requireMemoryBound(terms, { prlimit: '/usr/bin/prlimit' })
  expect(bounded.warning).toBeUndefined()
  expect(unmetTerm(bounded.terms, listing)).toBeUndefined()

  const open = requireMemoryBound(terms, { prlimit: undefined })
  expect(open.warning).toMatch(/prlimit .* refused until util-linux is installed/)
  expect(unmetTerm(open.terms, listing)).toMatch(/does not take datasets/)
})

test('a node that takes no guests is told as well', () => {
  const { terms, warning } = requireMemoryBound(termsOf('"nobody"'), { prlimit: undefined })
  expect(terms.curators).toBe('nobody')
  expect(warning).toMatch(/install util-linux\.$/)
})
