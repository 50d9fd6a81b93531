/** A relay with its role, for many-node tests. */
import { type TransferObserver, type QueryHandler } from '@enigma/network'
import type { Host } from '../../../src/host/create-host.ts'
import { relayMigrations } from '../../../src/roles/relay/relay-migrations.ts'
import { type RelayRole, startRelayRole } from '../../../src/roles/relay/start-relay-role.ts'
import { openDatabase } from '../../../src/store/open-database.ts'
import { createTestChain, deployment, nowSeconds, type TestChain } from './datasets.ts'
import { type Cleanup, startHost } from './nodes.ts'

export type TestRelay = { host: Host; role: RelayRole; chain: TestChain; errors: unknown[] }

export async function startRelay({
  cleanup,
  chain = createTestChain(),
  answer,
  observer,
  listen,
  chainWaitMs,
}: {
  cleanup: Cleanup
  chain?: TestChain
  answer?: QueryHandler
  observer?: TransferObserver
  listen?: string[]
  chainWaitMs?: number
}): Promise<TestRelay> {
  const host = await startHost({ cleanup, kind: 'relay', ...(listen && { listen }) })
  const database = openDatabase({ path: ':memory:', migrations: relayMigrations })
  const errors: unknown[] = []
  const role = await startRelayRole({
    host,
    database,
    chain,
    deployment,
    accessOf: chain.accessOf,
    answer,
    observer,
    chainWaitMs,
    nowSeconds,
    nowMs: () => performance.now(),
    random: Math.random,
    onError: (error) => errors.push(error),
  })
  cleanup.add(() => role.stop())
  return { host, role, chain, errors }
}
