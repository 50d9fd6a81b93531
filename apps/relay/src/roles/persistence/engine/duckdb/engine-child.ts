/** An engine process: parses, guards and runs one query at a time on one read-only database, batch by batch on demand. */
import { openReadOnly, type OpenedDatabase } from './open-read-only.ts'
import type { EngineReply, EngineRequest } from './engine-messages.ts'
import { ingest } from './ingest.ts'
import { startQuery, type RunningQuery } from './run-query.ts'
import { MarketplaceError } from '@enigma/protocol'

let database: OpenedDatabase | undefined
let query: RunningQuery | undefined
// One request after the other; only `cancel` overtakes.
let tail = Promise.resolve()

process.on('disconnect', () => process.exit())
process.on('message', (request: EngineRequest) => {
  if (request.kind === 'cancel') query?.cancel()
  else tail = tail.then(() => handle(request)).catch((error: unknown) => reply(failureOf(error)))
})

async function handle(request: Exclude<EngineRequest, { kind: 'cancel' }>): Promise<void> {
  switch (request.kind) {
    case 'open':
      database = await openReadOnly(request)
      reply({ kind: 'ready' })
      return
    case 'ingest':
      await ingest(request)
      reply({ kind: 'ready' })
      return
    case 'query': {
      if (database === undefined) throw new TypeError('no database is open')
      query?.close()
      query = startQuery(database, request)
      reply(await query.columns())
      return
    }
    case 'next':
      if (query === undefined) throw new TypeError('no query is running')
      reply(await query.next())
  }
}

function reply(message: EngineReply): void {
  process.send?.(message)
}

function failureOf(error: unknown): EngineReply {
  if (error instanceof MarketplaceError) {
    const { code, shortMessage: message, details } = error
    return { kind: 'failed', code, message, ...(details === undefined ? {} : { details }) }
  }
  return { kind: 'failed', code: 'engine-failed', message: 'The engine failed on this query; try another form of it.' }
}
