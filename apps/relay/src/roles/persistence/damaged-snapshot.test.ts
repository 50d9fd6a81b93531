/** A node whose disk has damaged what it serves: an older snapshot answers meanwhile, and what can be made anew is. */
import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ask, outcomeOf, rowsOf, type Scene, startScene } from './fixtures/answer-scene.ts'
import { type Asker, createAsker, dataset } from './fixtures/query-scene.ts'

const count = { sql: 'select count(*) as n from candles' }

describe('a node with a damaged snapshot', () => {
  let scene: Scene
  let asker: Asker
  beforeAll(async () => {
    scene = await startScene({ rows: 10, limits: { reopenMs: 20 } })
    asker = await createAsker(scene)
    await scene.publish(10, 15)
    await scene.service.settle()
  }, 60_000)
  beforeEach(() => scene.role.drop(dataset))
  afterAll(() => scene.stop())
  const answer = async () => rowsOf(await ask(scene, asker, count))

  it('makes a damaged database again of its segments', async () => {
    const snapshots = await scene.store.dataset(dataset)
    await truncate(snapshots.databasePath(2), 5000)
    await scene.serve()
    expect(await answer()).toEqual([[15n]])
    expect(scene.errors).toEqual([])
  })

  it('serves the snapshot before one that cannot be opened, and that one once it can', async () => {
    const snapshots = await scene.store.dataset(dataset)
    const segment = snapshots.latest()?.snapshot.tables[0]?.segments[1]
    if (segment === undefined) throw new TypeError('two segments')
    const path = snapshots.segmentPath(segment.hash)
    const bytes = await readFile(path)
    await rm(snapshots.databasePath(2))
    await writeFile(path, new Uint8Array(bytes.length))
    await scene.serve()
    expect(await answer()).toEqual([[10n]])
    expect(scene.errors[0]).toMatchObject({ code: 'engine-failed' })
    await writeFile(path, bytes)
    await expect.poll(answer, { timeout: 20_000 }).toEqual([[15n]])
    expect(outcomeOf(await ask(scene, asker, { ...count, snapshot: { kind: 'seq', seq: 1 } }))).toBe('answered')
  })
})
