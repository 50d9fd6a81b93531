/** Receives one segment into a growing file, going on where a cut transfer ended, and takes it in by its hash. */
import { open, rm, stat } from 'node:fs/promises'
import { type Hex, MarketplaceError, type Segment } from '@enigma/protocol'
import type { DatasetSnapshots } from './dataset-snapshots.ts'
import { hashFile } from './hash-file.ts'

/** Yields the bytes of a segment from `offset` on; may end or throw early. */
export type FetchSegment = (parameters: {
  dataset: Hex
  hash: Hex
  bytes: number
  offset: number
  signal: AbortSignal | undefined
}) => AsyncIterable<Uint8Array>

export type ReceiveSegmentParameters = {
  snapshots: DatasetSnapshots
  segment: Pick<Segment, 'hash' | 'bytes'>
  fetchSegment: FetchSegment
  onBytes: (bytes: number) => void
  signal: AbortSignal | undefined
}

/** Receives; throws `snapshot-invalid` for other bytes than the hash names, which are thrown away. */
export async function receiveSegment(parameters: ReceiveSegmentParameters): Promise<void> {
  const { snapshots, segment } = parameters
  const path = snapshots.partialPath(segment.hash)
  await append(path, parameters)
  const { hash, bytes } = await hashFile(path)
  if (bytes < segment.bytes) throw cut(segment, bytes)
  if (hash !== segment.hash) {
    await rm(path, { force: true })
    throw wrongBytes(segment)
  }
  await snapshots.putSegment(path)
}

async function append(path: string, parameters: ReceiveSegmentParameters): Promise<void> {
  const { snapshots, segment, fetchSegment, onBytes, signal } = parameters
  const { hash, bytes } = segment
  await using file = await open(path, 'a', 0o600)
  let offset = (await stat(path)).size
  if (offset > bytes) {
    await file.truncate(0)
    offset = 0
  }
  if (offset === bytes) return
  for await (const chunk of fetchSegment({ dataset: snapshots.dataset, hash, bytes, offset, signal })) {
    signal?.throwIfAborted()
    if (offset + chunk.length > bytes) {
      await file.truncate(0)
      throw wrongBytes(segment)
    }
    await file.appendFile(chunk)
    offset += chunk.length
    onBytes(offset)
  }
}

function cut({ bytes }: Pick<Segment, 'bytes'>, received: number): MarketplaceError {
  const message = 'The transfer of a segment was cut; it goes on from here at the next offer.'
  return new MarketplaceError({ code: 'aborted', message, details: `${received} of ${bytes} bytes` })
}

function wrongBytes({ hash }: Pick<Segment, 'hash'>): MarketplaceError {
  const message = 'The bytes received for a segment are not those that its hash names.'
  return new MarketplaceError({ code: 'snapshot-invalid', message, details: hash })
}
