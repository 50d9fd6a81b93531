import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createSegmentWorker } from './segment-worker.ts'
import { candles, dataset, openPublishing, publishRows, temporaryDirectory } from './test-support/publishing.ts'

describe('createSegmentWorker', () => {
  it('works in a process of its own and gives what the same work gives here', async () => {
    await using directory = await temporaryDirectory()
    const here = await publishRows(await openPublishing(join(directory.path, 'a')), candles(1, 3000))
    const publishing = await openPublishing(join(directory.path, 'b'))
    const work = createSegmentWorker(publishing.store)
    const there = await publishRows(publishing, candles(1, 3000), { work })
    expect(there.snapshot).toEqual(here.snapshot)
  })

  it('names the wrong data, its own failure, and a task that takes too long', async () => {
    await using directory = await temporaryDirectory()
    const publishing = await openPublishing(directory.path)
    const { store } = publishing
    const [row = []] = candles(1, 1)
    const twice = publishRows(publishing, [row, [...row.slice(0, 2), 7n]], { work: createSegmentWorker(store) })
    await expect(twice).rejects.toMatchObject({
      code: 'rows-invalid',
      details: expect.stringContaining('AAPL') as string,
    })
    const impatient = createSegmentWorker({ ...store, timeoutMs: 1 })
    await expect(publishRows(publishing, [row], { work: impatient })).rejects.toMatchObject({ code: 'engine-failed' })
    const missing = createSegmentWorker(store)({
      task: { kind: 'inspect', columns: [{ name: 'a', type: 'text' }], path: join(directory.path, 'none'), maxRows: 1 },
      code: 'snapshot-invalid',
    })
    await expect(missing).rejects.toMatchObject({ code: 'engine-failed' })
    await publishRows(publishing, [row], { work: createSegmentWorker(store) })
    expect((await store.dataset(dataset)).latest()?.snapshot.seq).toBe(1)
  })
})
