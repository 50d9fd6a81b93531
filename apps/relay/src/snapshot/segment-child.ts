/** Entry of the process that works on segments: one task by argument-free IPC, one answer, then it ends. */
import { runSegmentTask, type RunSegmentTaskParameters, SegmentDataError } from './segment-work.ts'
import type { SegmentReply } from './segment-task.ts'

const progressMs = 250

process.once('message', (parameters: Omit<RunSegmentTaskParameters, 'onRows'>) => {
  let reportedAt = 0
  const onRows = (rows: number) => {
    if (performance.now() - reportedAt < progressMs) return
    reportedAt = performance.now()
    reply({ rows })
  }
  runSegmentTask({ ...parameters, onRows }).then(
    (facts) => reply({ facts }),
    (error: unknown) => reply({ error: { isOurs: error instanceof SegmentDataError, message: messageOf(error) } }),
  )
})
process.once('disconnect', () => process.exit(1))

function reply(message: SegmentReply): void {
  process.send?.(message)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
