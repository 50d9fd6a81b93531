import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { ensureDatabase, type IngestSegments } from './ensure-database.ts'
import { candles, openPublishing, publishRows, temporaryDirectory } from './test-support/publishing.ts'

type Ingested = Parameters<IngestSegments>[0]

function recordingIngest() {
  const asked: Ingested[] = []
  const ingest: IngestSegments = async (parameters) => {
    asked.push(parameters)
    await writeFile(parameters.databasePath, 'database')
  }
  return { asked, ingest }
}

describe('ensureDatabase', () => {
  it('makes a database once, and the next from it where segments were only added', async () => {
    await using directory = await temporaryDirectory()
    const publishing = await openPublishing(directory.path)
    const { asked, ingest } = recordingIngest()
    const { store } = publishing
    const first = await publishRows(publishing, candles(1, 2))
    const path = await ensureDatabase({ store, stored: first, ingest })
    expect(await ensureDatabase({ store, stored: first, ingest })).toBe(path)
    const second = await publishRows(publishing, candles(3, 3))
    await ensureDatabase({ store, stored: second, ingest })
    expect(asked).toHaveLength(2)
    expect(asked[1]?.previous).toEqual({ databasePath: path, segments: { candles: 1 } })
    expect(asked[1]?.tables[0]?.segmentPaths).toHaveLength(2)
  })

  it('starts anew where segments were merged, and leaves nothing behind when it fails', async () => {
    await using directory = await temporaryDirectory()
    const publishing = await openPublishing(directory.path)
    const { asked, ingest } = recordingIngest()
    const { store } = publishing
    await ensureDatabase({ store, stored: await publishRows(publishing, candles(1, 2)), ingest })
    const merged = await publishRows(publishing, candles(3, 3), { maxSegments: 1 })
    const fail: IngestSegments = async (parameters) => {
      await ingest(parameters)
      throw new Error('disk full')
    }
    await expect(ensureDatabase({ store, stored: merged, ingest: fail })).rejects.toThrow('disk full')
    await ensureDatabase({ store, stored: merged, ingest })
    expect(asked.map(({ previous }) => previous)).toEqual([undefined, undefined, undefined])
  })

  it('starts anew from the segments where the older database is damaged', async () => {
    await using directory = await temporaryDirectory()
    const publishing = await openPublishing(directory.path)
    const { asked, ingest } = recordingIngest()
    const { store } = publishing
    await ensureDatabase({ store, stored: await publishRows(publishing, candles(1, 2)), ingest })
    const refuseCopies: IngestSegments = async (parameters) => {
      await ingest(parameters)
      if (parameters.previous !== undefined) throw new Error('not a database')
    }
    const stored = await publishRows(publishing, candles(3, 3))
    await ensureDatabase({ store, stored, ingest: refuseCopies })
    expect(asked.slice(1).map(({ previous }) => previous !== undefined)).toEqual([true, false])
  })
})
