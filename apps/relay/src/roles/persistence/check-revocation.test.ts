import { createSessionKey } from '@enigma/crypto'
import { abilities, type Grant, MarketplaceError, zeroHash } from '@enigma/protocol'
import { describe, expect, it } from 'vitest'
import { checkRevocation } from './check-revocation.ts'
import {
  addressOf,
  ask,
  type Asker,
  createAsker,
  createFakeChain,
  createGrant,
  createNode,
  randomHex,
  startSeconds,
} from './fixtures/query-scene.ts'

async function codeOf(work: () => unknown) {
  try {
    await work()
    return 'passed'
  } catch (error) {
    if (error instanceof MarketplaceError) return error.code
    throw error
  }
}

describe('checkRevocation', () => {
  const account = randomHex(20)
  const permission = { dataset: zeroHash, abilities: abilities.query, templatesRoot: zeroHash }
  const grantsOf = (...epochs: number[]) =>
    epochs.map((epoch) => ({ epoch, id: randomHex(32), permissions: [permission] }) as unknown as Grant)

  it.each([
    { epochs: [2], present: 2, expected: 'passed' },
    { epochs: [1], present: 2, expected: 'grant-revoked' },
    { epochs: [3], present: 2, expected: 'chain-behind' },
    { epochs: [2, 2, 2], present: 2, expected: 'passed' },
    { epochs: [2, 1], present: 2, expected: 'grant-revoked' },
    { epochs: [2, 3], present: 2, expected: 'chain-behind' },
    { epochs: [0], present: undefined, expected: 'passed' },
  ])('of grants of epochs $epochs while the account is at $present: $expected', async (row) => {
    const chain = createFakeChain()
    if (row.present !== undefined) chain.epochs.set(account, row.present)
    const check = () => checkRevocation({ chain: chain.view, account, grants: grantsOf(...row.epochs) })
    expect(await codeOf(check)).toBe(row.expected)
  })

  it.each([0, 1, 2])('finds the revoked one at place %i of a chain, and only under its own account', async (place) => {
    const chain = createFakeChain()
    const grants = grantsOf(0, 0, 0)
    const check = () => checkRevocation({ chain: chain.view, account, grants })
    chain.revoked.add(`${randomHex(20)} ${grants[place]?.id}`)
    expect(await codeOf(check)).toBe('passed')
    chain.revoked.add(`${account} ${grants[place]?.id}`)
    expect(await codeOf(check)).toBe('grant-revoked')
  })
})

describe('who is told', () => {
  const account = randomHex(20)
  const chain = createFakeChain()
  chain.epochs.set(account, 1)
  const grantOf = (allowed: Pick<Grant['permissions'][number], 'abilities' | 'templatesRoot'>) =>
    ({ epoch: 0, permissions: [{ dataset: zeroHash, ...allowed }] }) as unknown as Grant
  const tell = (grant: Grant) => () => checkRevocation({ chain: chain.view, account, grants: [grant] })

  it('of a session to sign in again', () => {
    expect(tell(grantOf({ abilities: abilities.query, templatesRoot: zeroHash }))).toThrow(/sign in again\./)
  })
  it('of an embed that only its owner can help', () => {
    expect(tell(grantOf({ abilities: abilities.embed, templatesRoot: randomHex(32) }))).toThrow(
      /only the owner of this embed/,
    )
  })
})

describe('a node', () => {
  it('decides by the block that the query names, which may hold the revocation', async () => {
    const node = createNode()
    const asker = await createAsker(node)
    node.chain.onWait((number) => {
      node.chain.setHead({ number, hash: zeroHash, timestamp: startSeconds })
      node.chain.revoked.add(`${addressOf(asker.wallet)} ${asker.grants[0].grant.id}`)
    })
    expect(await codeOf(() => ask(node, asker))).toBe('passed')
    expect(await codeOf(() => ask(node, asker, { minBlock: 103 }))).toBe('grant-revoked')
  })

  it('obeys at once although it remembers the signatures of the grants', async () => {
    const node = createNode()
    const asker = await createAsker(node)
    expect(await codeOf(() => ask(node, asker))).toBe('passed')
    node.chain.epochs.set(addressOf(asker.wallet), 1)
    expect(await codeOf(() => ask(node, asker))).toBe('grant-revoked')
    const renewed: Asker = { ...asker, grants: [await createGrant(asker.wallet, asker.session, { epoch: 1 })] }
    expect(await codeOf(() => ask(node, renewed))).toBe('passed')
  })

  it('tells nothing of what an account has ended to one whose grant the account did not sign', async () => {
    const node = createNode()
    const { wallet, grants } = await createAsker(node)
    node.chain.epochs.set(addressOf(wallet), 7)
    node.chain.revoked.add(`${addressOf(wallet)} ${grants[0].grant.id}`)
    const thief = await createAsker(node)
    const session = await createSessionKey()
    const forged = await createGrant(thief.wallet, session, { root: addressOf(wallet), id: grants[0].grant.id })
    expect(await codeOf(() => ask(node, { ...thief, session, grants: [forged] }))).toBe('grant-invalid')
  })
})
