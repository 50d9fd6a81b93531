import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSessionKey, signChildGrant } from '@enigma/crypto'
import { type Hex, limits, probeStatement, zeroHash } from '@enigma/protocol'
import { codeOf } from '@enigma/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  addressOf,
  ask,
  type Asker,
  askSample,
  createAsker,
  createNode,
  createQuery,
  dataset,
  deployment,
  type Node,
  randomHex,
  signAndEncode,
  startSeconds,
  verifyBytes,
} from './fixtures/query-scene.ts'
import { persistenceLimits } from './persistence-limits.ts'

const accessOf = (node: Node, asker: Asker) => {
  const access = node.chain.accounts.get(`${dataset} ${addressOf(asker.wallet)}`)
  if (access === undefined) throw new TypeError('the asker is subscribed')
  return access
}

describe('verifyQuery', () => {
  it('waits briefly for the block that the asker names', async () => {
    const node = createNode()
    const asker = await createAsker(node)
    node.chain.onWait((number) => node.chain.setHead({ number, hash: zeroHash, timestamp: startSeconds }))
    expect(await codeOf(ask(node, asker, { minBlock: 103 }))).toBe('answered')
  })

  it('admits exactly one of many that race for one nonce', async () => {
    const node = createNode()
    const asker = await createAsker(node)
    const bytes = await signAndEncode(asker, createQuery(node, asker))
    const codes = await Promise.all(Array.from({ length: 20 }, () => codeOf(verifyBytes(node, bytes))))
    expect(codes.filter((code) => code === 'answered')).toHaveLength(1)
    expect(codes.filter((code) => code === 'replayed')).toHaveLength(19)
  })

  it('never admits more than the budget under concurrency, and what is given back can be used', async () => {
    const limits = { maxRows: 1000, maxBytes: 2 ** 30, perMinute: 1000, perDay: 1000, total: 7 }
    const node = createNode()
    const asker = await createAsker(node, { grant: { limits } })
    const outcomes = await Promise.allSettled(Array.from({ length: 30 }, () => ask(node, asker)))
    const admitted = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    expect(admitted).toHaveLength(7)
    admitted[0]?.settle({ queries: 0, bytes: 0 })
    admitted[1]?.settle({ queries: 1, bytes: 0 })
    expect(await codeOf(ask(node, asker))).toBe('answered')
    expect(await codeOf(ask(node, asker))).toBe('rate-limited')
  })

  it('gives a node its share of a budget only', async () => {
    const node = createNode()
    const limits = { maxRows: 1000, maxBytes: 2 ** 30, perMinute: 10, perDay: 10, total: 10 }
    const nodes = [
      { signer: node.signer, bps: 2000 },
      { signer: randomHex(20), bps: 8000 },
    ]
    const asker = await createAsker(node, { grant: { limits, nodes } })
    const codes = [ask(node, asker), ask(node, asker), ask(node, asker)].map(codeOf)
    expect((await Promise.all(codes)).toSorted()).toEqual(['answered', 'answered', 'rate-limited'])
  })

  it('debits every grant of a chain, so that siblings cannot multiply a budget', async () => {
    const node = createNode()
    const limits = { maxRows: 1000, maxBytes: 2 ** 30, perMinute: 3, perDay: 3, total: 3 }
    const parent = await createAsker(node, { grant: { limits } })
    const [root] = parent.grants
    const heirs = await Promise.all(
      [1, 2].map(async (): Promise<Asker> => {
        const session = await createSessionKey()
        const parentGrantHash = createQuery(node, parent).grantHash
        const grant = {
          ...root.grant,
          id: randomHex(32),
          delegateKey: session.publicKey,
          maxChildren: 0,
          parentGrantHash,
        }
        const child = await signChildGrant({ grant, parentKey: parent.session, deployment })
        return { ...parent, session, grants: [root, child] }
      }),
    )
    const codes = []
    for (const heir of [...heirs, ...heirs]) codes.push(await codeOf(ask(node, heir)))
    expect(codes).toEqual(['answered', 'answered', 'answered', 'rate-limited'])
  })

  it('answers a free sample without a grant, within its rows, once', async () => {
    const node = createNode()
    expect((await askSample(node)).tier).toBe('sample')
    expect(await codeOf(askSample(node, { maxRows: persistenceLimits.sampleRows + 1 }))).toBe('limit-too-high')
    expect(await codeOf(askSample(node, { grantHash: randomHex(32) }))).toBe('grant-invalid')
    expect(await codeOf(askSample(node, { audience: randomHex(20) }))).toBe('wrong-audience')
    expect(await codeOf(askSample(node, { issuedAt: 1, expiresAt: 60 }))).toBe('request-expired')
    const asker = await createAsker(node)
    const query = createQuery(node, asker, { kind: 'sample', grantHash: zeroHash })
    const bytes = await signAndEncode(asker, query, [])
    expect(await codeOf(verifyBytes(node, bytes))).toBe('answered')
    expect(await codeOf(verifyBytes(node, bytes))).toBe('replayed')
  })

  it('answers a probe without a grant, and nothing else by it, whatever became of the samples', async () => {
    const node = createNode({ limits: { samplesPerAddress: 1 } })
    await askSample(node)
    expect(await codeOf(askSample(node))).toBe('sample-limited')
    const probe = { kind: 'probe', sql: probeStatement, maxRows: limits.tables } as const
    expect((await askSample(node, probe)).tier).toBe('probe')
    expect(await codeOf(askSample(node, { ...probe, sql: 'select * from candles' }))).toBe('sql-refused')
    expect(await codeOf(askSample(node, { ...probe, maxRows: limits.tables + 1 }))).toBe('sql-refused')
    expect(await codeOf(askSample(node, { ...probe, grantHash: randomHex(32) }))).toBe('grant-invalid')
    expect(await codeOf(askSample(node, { ...probe, kind: 'sample' }))).toBe('sample-limited')
  })

  it('asks the contract of a smart account once a minute, and never for an account that could not query', async () => {
    const asked: Hex[] = []
    const node = createNode({
      verifyContractSignature: ({ account, signature }) => {
        asked.push(account)
        return Promise.resolve(signature === '0x1234')
      },
    })
    const contract = randomHex(20)
    const { grants, ...asker } = await createAsker(node, { grant: { root: contract } })
    const withSignature = (signature: Hex): Asker => ({ ...asker, grants: [{ grant: grants[0].grant, signature }] })
    expect(await codeOf(ask(node, withSignature('0x1234')))).toBe('no-subscription')
    expect(asked).toEqual([])
    const access = { paidEnd: startSeconds + 1000, trialEnd: 0, sinceBlock: 1 }
    node.chain.accounts.set(`${dataset} ${contract}`, access)
    expect(await codeOf(ask(node, withSignature('0x4321')))).toBe('grant-invalid')
    expect(await codeOf(ask(node, withSignature('0x1234')))).toBe('answered')
    expect(await codeOf(ask(node, withSignature('0x1234')))).toBe('answered')
    expect(asked).toHaveLength(2)
    node.clock.seconds += 61
    expect(await codeOf(ask(node, withSignature('0x1234')))).toBe('answered')
    expect(asked).toHaveLength(3)
  })

  it('grows from trial-sized to full answers with confirmations', async () => {
    const node = createNode({ confirmations: 51 })
    const asker = await createAsker(node)
    expect((await ask(node, asker, { maxRows: 1000 })).tier).toBe('unconfirmed')
    node.chain.setHead({ number: 101, hash: zeroHash, timestamp: startSeconds })
    expect((await ask(node, asker, { maxRows: 5000 })).tier).toBe('paid')
  })
})

describe('a restarted node', () => {
  let directory = ''
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'enigma-verify-'))
  })
  afterAll(() => rm(directory, { recursive: true }))

  it('still refuses an old nonce and still counts spent budgets', async () => {
    const path = join(directory, 'node.sqlite')
    const signer = randomHex(20)
    const limits = { maxRows: 1000, maxBytes: 2 ** 30, perMinute: 9, perDay: 9, total: 2 }
    const before = createNode({ path, signer })
    const asker = await createAsker(before, { grant: { limits } })
    const bytes = await signAndEncode(asker, createQuery(before, asker))
    expect(await codeOf(verifyBytes(before, bytes))).toBe('answered')
    const access = accessOf(before, asker)
    before.database.close()
    const after = createNode({ path, signer })
    after.chain.accounts.set(`${dataset} ${addressOf(asker.wallet)}`, access)
    expect(await codeOf(verifyBytes(after, bytes))).toBe('replayed')
    expect(await codeOf(ask(after, asker))).toBe('answered')
    expect(await codeOf(ask(after, asker))).toBe('rate-limited')
    const fresh = await createAsker(after)
    expect(await codeOf(ask(after, fresh))).toBe('answered')
    after.database.close()
  })
})
