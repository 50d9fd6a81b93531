/** The parts of one answer, made one by one as they are pulled: schema, batches, end with the receipt (DESIGN §6). */
import { signReceipt, type Signer } from '@enigma/crypto'
import { type AnswerPart, type AnswerTimings, type Deployment, type Hex, type Query } from '@enigma/protocol'
import { encodeBatch } from './encode-batch.ts'
import type { EngineBatch, EngineResult } from './engine/engine.ts'
import type { OpenedSnapshot } from './opened-snapshot.ts'
import { createResultDigest } from './result-digest.ts'

export type AnswerPartsParameters = {
  query: Query
  queryHash: Hex
  snapshot: OpenedSnapshot
  result: EngineResult
  deployment: Deployment
  signer: Signer
  verifyMs: number
  nowSeconds: () => number
  nowMs: () => number
}

/** Yields the parts of a running query's answer, those that leave together in one array; `end` is the very last. */
export async function* createAnswerParts(
  parameters: AnswerPartsParameters,
): AsyncGenerator<AnswerPart[], void, undefined> {
  const { snapshot, result, verifyMs, nowMs } = parameters
  const { columns, deterministic, guardMs } = result
  const timings: AnswerTimings = { verifyMs, guardMs, engineMs: 0, encodeMs: 0 }
  const digest = createResultDigest({ columns, deterministic })
  const ready: AnswerPart[] = [{ kind: 'schema', columns: [...columns], seq: snapshot.head.head.seq }]
  if (!result.isReady) yield ready.splice(0)
  let rows = 0
  for await (const batch of timed(result.batches, nowMs, timings)) {
    const startedMs = nowMs()
    rows += batch.rows
    digest.add(batch)
    ready.push(await encodeBatch(batch))
    timings.encodeMs += nowMs() - startedMs
    if (batch.isLast !== true) yield ready.splice(0)
  }
  if (deterministic && result.truncated) throw new RangeError('a truncated result is not deterministic')
  const resultHash = await digest.finish()
  const receipt = await signReceipt({
    receipt: receiptOf({ ...parameters, resultHash, rows }),
    signer: parameters.signer,
    deployment: parameters.deployment,
  })
  const { truncated } = result
  yield [...ready, { kind: 'end', rows, truncated, resultHash, receipt, head: snapshot.head, timings }]
}

function receiptOf(parameters: AnswerPartsParameters & { resultHash: Hex; rows: number }) {
  const { query, queryHash, snapshot, result, resultHash, rows } = parameters
  return {
    dataset: query.dataset,
    snapshot: snapshot.head.head.root,
    seq: snapshot.head.head.seq,
    queryHash,
    resultHash,
    rows,
    manifestHash: snapshot.manifestHash,
    engineId: snapshot.engineId,
    deterministic: result.deterministic,
    issuedAt: parameters.nowSeconds(),
  }
}

/** Adds the time that the consumer waited for the engine; what the consumer does itself does not count. */
async function* timed(
  batches: AsyncIterable<EngineBatch>,
  nowMs: () => number,
  timings: AnswerTimings,
): AsyncGenerator<EngineBatch, void, undefined> {
  let startedMs = nowMs()
  for await (const batch of batches) {
    timings.engineMs += nowMs() - startedMs
    yield batch
    startedMs = nowMs()
  }
  timings.engineMs += nowMs() - startedMs
}
