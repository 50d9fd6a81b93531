/** A hash over everything a run fetched, in the order of the answers, so that two runs can be compared. */
import { createHash } from 'node:crypto'

type TranscriptEntry = {
  method: string
  url: string
  requestBody: Uint8Array | undefined
  status: number
  responseBody: Uint8Array
}

export type Transcript = {
  add(entry: TranscriptEntry): void
  /** SHA-256 over one JSON line per exchange: method, URL, SHA-256 of the request's body, status, SHA-256 of the body. */
  digest(): `0x${string}`
  readonly requests: number
}

/** Creates an empty transcript. */
export function createTranscript(): Transcript {
  const hash = createHash('sha256')
  let requests = 0
  return {
    add({ method, url, requestBody = new Uint8Array(), status, responseBody }) {
      requests += 1
      hash.update(`${JSON.stringify([method, url, sha256(requestBody), status, sha256(responseBody)])}\n`)
    },
    digest: () => `0x${hash.copy().digest('hex')}`,
    get requests() {
      return requests
    },
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
