/** A process for the test that kills it: publishes minute after minute, each with the one before it again. */
import { resumeSnapshot } from '../publish-snapshot.ts'
import { candles, dataset, deployment, openPublishing, publisher, publishRows } from './publishing.ts'

const [, , directory = ''] = process.argv
const publishing = await openPublishing(directory)
await resumeSnapshot({ ...publishing, dataset, publisher, deployment })
const snapshots = await publishing.store.dataset(dataset)
const tables = snapshots.latest()?.snapshot.tables ?? []
const rows = tables.flatMap(({ segments }) => segments).reduce((sum, segment) => sum + segment.rows, 0)
for (let minute = rows; ; minute++) {
  await publishRows(publishing, candles(Math.max(0, minute - 1), minute), { maxSegments: 3, keepSnapshots: 2 })
  process.send?.(minute)
}
