/** The parts of one answer, made one by one as they are pulled: schema, batches, end with the receipt (DESIGN §6). */
import { hashQuery, signReceipt, type Signer } from '@enigma/crypto'
import { type AnswerPart, type AnswerTimings, type Deployment, type Hex, type Query } from '@enigma/protocol'
import { deflateBatch } from './deflate-batch.ts'
import type { EngineBatch, EngineResult } from './engine/engine.ts'
import type { OpenedSnapshot } from './opened-snapshot.ts'
import { createResultDigest } from './result-digest.ts'

export type AnswerPartsParameters = {
  query: Query
  snapshot: OpenedSnapshot
  result: EngineResult
  deployment: Deployment
  signer: Signer
  verifyMs: number
  nowSeconds: () => number
  nowMs: () => number
}

/** Yields the parts of a running query's answer; the `end` part is the last. */
export async function* createAnswerParts(
  parameters: AnswerPartsParameters,
): AsyncGenerator<AnswerPart, void, undefined> {
  const { snapshot, result, verifyMs, nowMs } = parameters
  const { columns, deterministic, guardMs } = result
  const timings: AnswerTimings = { verifyMs, guardMs, engineMs: 0, encodeMs: 0 }
  const digest = createResultDigest({ columns, deterministic })
  yield { kind: 'schema', columns: [...columns], seq: snapshot.head.head.seq }
  let rows = 0
  for await (const batch of timed(result.batches, nowMs, timings)) {
    const startedMs = nowMs()
    rows += batch.rows
    digest.add(batch)
    const arrow = await deflateBatch(batch.arrow)
    timings.encodeMs += nowMs() - startedMs
    yield { kind: 'batch', rows: batch.rows, inflatedBytes: batch.arrow.length, arrow }
  }
  if (deterministic && result.truncated) throw new RangeError('a truncated result is not deterministic')
  const resultHash = await digest.finish()
  const receipt = await signReceipt({
    receipt: receiptOf({ ...parameters, resultHash, rows }),
    signer: parameters.signer,
    deployment: parameters.deployment,
  })
  yield { kind: 'end', rows, truncated: result.truncated, resultHash, receipt, head: snapshot.head, timings }
}

function receiptOf(parameters: AnswerPartsParameters & { resultHash: Hex; rows: number }) {
  const { query, snapshot, result, resultHash, rows } = parameters
  const { dataset, sql, parameters: values, maxRows, maxBytes } = query
  return {
    dataset,
    snapshot: snapshot.head.head.root,
    seq: snapshot.head.head.seq,
    queryHash: hashQuery({ dataset, sql, parameters: values, maxRows, maxBytes }),
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
