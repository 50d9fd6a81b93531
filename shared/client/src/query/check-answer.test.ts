/** Every claim of an answer's end is checked: whichever field is changed, the rows are not relied on. */
import { hashBatches, hashQuery, hashRows, sha256, signHead, signReceipt, webPrimitives } from '@enigma/crypto'
import {
  type AnswerEnd,
  type Deployment,
  type Hex,
  type Query,
  type Receipt,
  type ResultColumn,
  type SnapshotHead,
  type Value,
  zeroHash,
} from '@enigma/protocol'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { checkAnswer, type CheckAnswerParameters } from './check-answer.ts'

const deployment: Deployment = { chainId: 31337, marketplace: `0x${'ab'.repeat(20)}` }
const node = privateKeyToAccount(`0x${'02'.repeat(32)}`)
const publisher = privateKeyToAccount(`0x${'03'.repeat(32)}`)
const addressOf = ({ address }: { address: Hex }) => address.toLowerCase() as Hex
const hash = (byte: string): Hex => `0x${byte.repeat(32)}`

const columns: ResultColumn[] = [{ name: 'n', type: 'bigint' }]
const rows: Value[][] = [[1n], [2n]]
const query: Query = {
  v: 1,
  ...deployment,
  kind: 'query',
  grantHash: hash('01'),
  dataset: hash('02'),
  snapshot: { kind: 'latest' },
  sql: 'SELECT n FROM numbers',
  parameters: [],
  sessionKey: `0x02${'11'.repeat(32)}`,
  replySuite: 1,
  replyKey: hash('03'),
  audience: addressOf(node),
  nonce: `0x${'04'.repeat(16)}`,
  issuedAt: 1_800_000_000,
  expiresAt: 1_800_000_060,
  maxRows: 100,
  maxBytes: 1_000_000,
  minBlock: 0,
}
const head: SnapshotHead = { dataset: query.dataset, seq: 7, previousRoot: zeroHash, root: hash('05'), createdAt: 1 }

/** An honest answer; `change` turns parts of it into lies that are signed all the same. */
async function answer({
  deterministic = false,
  receipt: receiptChange = {},
  head: headChange = {},
}: {
  deterministic?: boolean
  receipt?: Partial<Receipt>
  head?: Partial<SnapshotHead>
} = {}): Promise<CheckAnswerParameters> {
  const batchHashes = [await sha256(new Uint8Array([1, 2, 3]))]
  const resultHash = await (deterministic ? hashRows({ columns, rows }) : hashBatches({ columns, batchHashes }))
  const receipt: Receipt = {
    dataset: query.dataset,
    snapshot: head.root,
    seq: head.seq,
    queryHash: hashQuery(query),
    resultHash,
    rows: rows.length,
    manifestHash: hash('06'),
    engineId: 'duckdb/1.5.6',
    deterministic,
    issuedAt: 1_800_000_001,
    ...receiptChange,
  }
  const end: AnswerEnd = {
    kind: 'end',
    rows: rows.length,
    truncated: false,
    resultHash,
    receipt: await signReceipt({ receipt, signer: node, deployment }),
    head: await signHead({ head: { ...head, ...headChange }, signer: publisher, deployment }),
    timings: { verifyMs: 1, guardMs: 1, engineMs: 1, encodeMs: 1 },
  }
  return {
    query,
    end,
    columns,
    seq: head.seq,
    rows: rows.length,
    batchHashes,
    allRows: () => rows,
    deployment,
    publisher: addressOf(publisher),
    metadataHash: hash('06'),
    primitives: webPrimitives,
  }
}

test.each([false, true])('takes an honest answer, deterministic: %s', async (deterministic) => {
  await expect(checkAnswer(await answer({ deterministic }))).resolves.toBeUndefined()
})

describe('refuses as receipt-invalid what was signed and is not true', () => {
  const lies: Record<string, Parameters<typeof answer>[0]> = {
    'another dataset': { receipt: { dataset: hash('aa') } },
    'another snapshot': { receipt: { snapshot: hash('aa') } },
    'another seq': { receipt: { seq: 8 } },
    'another query': { receipt: { queryHash: hash('aa') } },
    'another result': { receipt: { resultHash: hash('aa') } },
    'more rows': { receipt: { rows: 3 } },
    'another manifest': { receipt: { manifestHash: hash('aa') } },
    'determinism that is none': { receipt: { deterministic: true } },
    'batches of what is deterministic': { deterministic: true, receipt: { deterministic: false } },
    "another dataset's head": { head: { dataset: hash('aa') } },
    "another snapshot's head": { head: { root: hash('aa') } },
    "another seq's head": { head: { seq: 8 } },
  }
  test.each(Object.entries(lies))('%s', async (_name, lie) => {
    await expect(checkAnswer(await answer(lie))).rejects.toMatchObject({ code: 'receipt-invalid' })
  })
})

describe('refuses what is changed after it was signed', () => {
  const changedReceipts: { [Field in keyof Receipt]: Receipt[Field] } = {
    dataset: hash('aa'),
    snapshot: hash('aa'),
    seq: 8,
    queryHash: hash('aa'),
    resultHash: hash('aa'),
    rows: 3,
    manifestHash: hash('aa'),
    engineId: 'duckdb/9',
    deterministic: true,
    issuedAt: 1,
  }
  test.each(Object.entries(changedReceipts))('receipt.%s', async (field, value) => {
    const honest = await answer()
    const receipt = { ...honest.end.receipt, receipt: { ...honest.end.receipt.receipt, [field]: value } }
    await expect(checkAnswer({ ...honest, end: { ...honest.end, receipt } })).rejects.toMatchObject({
      code: 'receipt-invalid',
    })
  })

  const changedHeads: { [Field in keyof SnapshotHead]: SnapshotHead[Field] } = {
    dataset: hash('aa'),
    seq: 8,
    previousRoot: hash('aa'),
    root: hash('aa'),
    createdAt: 2,
  }
  test.each(Object.entries(changedHeads))('head.%s', async (field, value) => {
    const honest = await answer()
    const changed = { ...honest.end.head, head: { ...honest.end.head.head, [field]: value } }
    await expect(checkAnswer({ ...honest, end: { ...honest.end, head: changed } })).rejects.toMatchObject({
      code: 'snapshot-invalid',
    })
  })

  const changes: Record<string, (honest: CheckAnswerParameters) => Partial<CheckAnswerParameters>> = {
    'rows of the end': ({ end }) => ({ end: { ...end, rows: 1 } }),
    'result of the end': ({ end }) => ({ end: { ...end, resultHash: hash('aa') } }),
    'seq of the schema': () => ({ seq: 6 }),
    'a row that is missing': () => ({ rows: 1 }),
    'a batch that is missing': () => ({ batchHashes: [] }),
    'a batch twice': ({ batchHashes }) => ({ batchHashes: [...batchHashes, ...batchHashes] }),
    'a column renamed': () => ({ columns: [{ name: 'm', type: 'bigint' }] }),
    'a column of another type': () => ({ columns: [{ name: 'n', type: 'timestamp' }] }),
    'another query': () => ({ query: { ...query, sql: 'SELECT 2' } }),
    'another manifest on chain': () => ({ metadataHash: hash('aa') }),
    'another contract': () => ({ deployment: { ...deployment, marketplace: `0x${'ac'.repeat(20)}` } }),
    'a node that was not asked': () => ({ query: { ...query, audience: addressOf(publisher) } }),
  }
  test.each(Object.entries(changes))('%s', async (_name, change) => {
    const honest = await answer()
    await expect(checkAnswer({ ...honest, ...change(honest) })).rejects.toMatchObject({ code: 'receipt-invalid' })
  })

  test('a head of another publisher', async () => {
    const honest = await answer()
    await expect(checkAnswer({ ...honest, publisher: addressOf(node) })).rejects.toMatchObject({
      code: 'snapshot-invalid',
    })
  })

  test.each([
    ['changed', [[1n], [3n]]],
    ['swapped', [[2n], [1n]]],
    ['missing', [[1n]]],
  ] satisfies [string, Value[][]][])('deterministic rows that are %s', async (_name, others) => {
    const honest = await answer({ deterministic: true })
    await expect(checkAnswer({ ...honest, allRows: () => others })).rejects.toMatchObject({ code: 'receipt-invalid' })
  })

  test('a deterministic result that was cut', async () => {
    const honest = await answer({ deterministic: true })
    await expect(checkAnswer({ ...honest, end: { ...honest.end, truncated: true } })).rejects.toMatchObject({
      code: 'receipt-invalid',
    })
  })
})
