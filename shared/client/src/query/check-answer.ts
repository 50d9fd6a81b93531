/** What makes rows final: receipt, result hash and snapshot head, each checked against what was asked (DESIGN §6). */
import { hashBatches, hashQuery, hashRows, type Primitives, verifyHead, verifyReceipt } from '@enigma/crypto'
import {
  type AnswerEnd,
  type Deployment,
  type Hex,
  MarketplaceError,
  type Query,
  type ResultColumn,
  type Value,
} from '@enigma/protocol'

export type CheckAnswerParameters = {
  query: Query
  end: AnswerEnd
  columns: readonly ResultColumn[]
  /** `seq` of the schema part. */
  seq: number
  rows: number
  /** SHA-256 of each inflated batch, in order. */
  batchHashes: readonly Uint8Array[]
  /** The rows; asked for only when the receipt says that the result is deterministic. */
  allRows: () => Iterable<readonly Value[]>
  deployment: Deployment
  publisher: Hex
  metadataHash: Hex
  primitives: Primitives
}

/** Checks everything that can be checked; throws `receipt-invalid` or `snapshot-invalid`. */
export async function checkAnswer(parameters: CheckAnswerParameters): Promise<void> {
  const { query, end, columns, deployment, publisher, primitives } = parameters
  const receipt = await verifyReceipt({ signed: end.receipt, signer: query.audience, deployment }).catch(
    (cause: unknown) => {
      throw receiptInvalid('is not signed by the node that was asked', cause)
    },
  )
  const head = await verifyHead({ signed: end.head, publisher, deployment })
  const { deterministic, resultHash } = receipt
  const actualHash = deterministic
    ? await hashRows({ columns, rows: parameters.allRows(), primitives })
    : await hashBatches({ columns, batchHashes: parameters.batchHashes, primitives })
  const facts: readonly (readonly [string, unknown, unknown])[] = [
    ['dataset', receipt.dataset, query.dataset],
    ['dataset of the head', head.dataset, query.dataset],
    ['snapshot', receipt.snapshot, head.root],
    ['seq', receipt.seq, head.seq],
    ['seq of the rows', parameters.seq, head.seq],
    ['query', receipt.queryHash, hashQuery(query)],
    ['result', resultHash, actualHash],
    ['result of the end', end.resultHash, actualHash],
    ['number of rows', receipt.rows, parameters.rows],
    ['rows of the end', end.rows, parameters.rows],
    ['manifest', receipt.manifestHash, parameters.metadataHash],
    ['truncation', deterministic && end.truncated, false],
  ]
  for (const [what, claimed, actual] of facts) if (claimed !== actual) throw receiptInvalid(`does not fit: ${what}`)
}

function receiptInvalid(why: string, cause?: unknown): MarketplaceError {
  return new MarketplaceError({
    code: 'receipt-invalid',
    message: `The receipt ${why}; the rows cannot be relied on, ask another node.`,
    cause,
  })
}
