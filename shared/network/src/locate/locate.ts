/** `/enigma/locate/1.0.0`: the manifest of a dataset and the records of its nodes. Neither is trusted: verify both. */
import {
  encodeCbor,
  hashSchema,
  type Hex,
  limits,
  MarketplaceError,
  protocolIds,
  recordCodes,
  type SignedManifest,
  type SignedNodeRecord,
  transportCodes,
} from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import * as v from 'valibot'
import { unreadable } from '../framing/frame-errors.ts'
import { callProtocol } from '../framing/call-protocol.ts'
import { framesOf, serveRequests } from '../framing/serve-requests.ts'
import type { ProtocolHost, ProtocolServer } from '../framing/serve-protocol.ts'
import { networkLimits } from '../network-limits.ts'
import { decodeSignedManifest, decodeSignedRecord } from '../signed-items.ts'

const requestSchema = v.strictObject({ dataset: hashSchema })

export type Location = { manifest: SignedManifest; records: SignedNodeRecord[] }

export type LocateDatasetParameters = { connection: Connection; dataset: Hex; signal?: AbortSignal | undefined }

/** Asks a relay where a dataset is; throws `dataset-unknown` when it does not know, and the codes of a lost path. */
export async function locateDataset({ connection, dataset, signal }: LocateDatasetParameters): Promise<Location> {
  const frames = callProtocol({
    connection,
    protocol: protocolIds.locate,
    request: encodeCbor({ dataset }),
    maxFrameBytes: networkLimits.frameBytes,
    signal,
  })
  let manifest: SignedManifest | undefined
  const records: SignedNodeRecord[] = []
  for await (const frame of frames) {
    if (manifest === undefined) manifest = decodeSignedManifest(frame)
    else records.push(decodeSignedRecord(frame))
    if (records.length > limits.nodesPerDataset) throw unreadable('The relay sent more node records than there can be.')
  }
  if (manifest === undefined) throw unreadable('The relay sent no manifest.')
  return { manifest, records }
}

export type HandleLocateParameters = {
  host: ProtocolHost
  /** What this node knows of a dataset, undefined for nothing. */
  locate: (dataset: Hex) => Location | undefined
  onError: (error: unknown) => void
}

/** Serves the locate protocol. */
export function handleLocate({ host, locate, onError }: HandleLocateParameters): Promise<ProtocolServer> {
  return serveRequests({
    host,
    protocol: protocolIds.locate,
    schema: requestSchema,
    maxRequestBytes: 256,
    codes: [...transportCodes, ...recordCodes, 'dataset-unknown'],
    answer: ({ dataset }) => framesOf(toFrames(locate(dataset))),
    onError,
  })
}

function* toFrames(location: Location | undefined): Generator<Uint8Array, void, undefined> {
  if (location === undefined) {
    const message = 'This relay does not know the dataset; ask another one, or wait until it has caught up.'
    throw new MarketplaceError({ code: 'dataset-unknown', message })
  }
  yield encodeCbor(location.manifest)
  for (const record of location.records) yield encodeCbor(record)
}
