/** The one table of refusals: every error code, by type, with the test that provokes it on real parts. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ErrorCode } from '../shared/protocol/src/errors.ts'

const persistence = 'apps/relay/src/roles/persistence'
const verification = `${persistence}/verify-refusals.test.ts`
const embeds = `${persistence}/verify-embeds.test.ts`
const answering = `${persistence}/answer-query.test.ts`
/** Each followed by the honest transaction. */
const verbs = 'apps/relay/test/chain/verb-refusals.test.ts'
/** Run one by one, each followed by an honest script, by `run-script.test.ts`. */
const scripts = 'apps/relay/src/roles/worker/test-support/abusive-scripts.ts'
const records = 'shared/crypto/src/records.test.ts'
const client = 'shared/client/src/node'

const provokedBy: Record<ErrorCode, string> = {
  unreadable: 'apps/relay/test/network/hostile-frames.test.ts',
  busy: 'apps/relay/test/network/query-routing.test.ts',
  'no-route': 'apps/relay/test/network/query-routing.test.ts',
  'version-mismatch': 'apps/relay/test/network/hostile-frames.test.ts',
  'request-expired': verification,
  'request-from-future': verification,
  'wrong-chain': verification,
  'wrong-audience': verification,
  'signature-invalid': verification,
  replayed: verification,
  'grant-invalid': verification,
  'grant-expired': verification,
  'grant-widened': verification,
  'grant-revoked': verification,
  'grant-superseded': embeds,
  'grant-paused': embeds,
  'template-unknown': embeds,
  'no-subscription': verification,
  'subscription-ended': verification,
  'chain-behind': verification,
  'chain-unavailable': verification,
  'clock-skew': verification,
  unconfirmed: verification,
  'dataset-unknown': verification,
  'snapshot-unknown': verification,
  'sql-refused': answering,
  'parameter-invalid': answering,
  'limit-too-high': verification,
  'rate-limited': verification,
  'sample-limited': verification,
  'too-slow': answering,
  'too-large': answering,
  'engine-failed': answering,
  'manifest-invalid': records,
  'manifest-mismatch': `${client}/query-tampering.test.ts`,
  'node-record-invalid': records,
  'node-record-stale': 'apps/relay/test/network/catalogue.test.ts',
  'snapshot-invalid': 'apps/relay/src/snapshot/accept-snapshot.test.ts',
  'snapshot-stranger': 'apps/relay/test/network/snapshot-transfer.test.ts',
  'not-accepted': 'apps/relay/test/network/acceptance.test.ts',
  'name-invalid': verbs,
  'payouts-invalid': verbs,
  'rate-too-low': verbs,
  'dataset-exists': verbs,
  'dataset-closed': verbs,
  'deposit-too-small': verbs,
  'allowance-missing': verbs,
  'funds-missing': verbs,
  'price-above-limit': verbs,
  'already-subscribed': verbs,
  'not-curator': verbs,
  'transaction-reverted': verbs,
  'script-failed': scripts,
  'script-timeout': scripts,
  'script-memory': scripts,
  'script-flood': scripts,
  'host-refused': scripts,
  'rows-invalid': 'apps/relay/src/snapshot/publish-snapshot.test.ts',
  'no-relay': `${client}/query-failover.test.ts`,
  'no-node': `${client}/query-tampering.test.ts`,
  'grant-unknown': 'apps/relay/test/e2e/embeds.test.ts',
  'no-session': `${client}/query-failover.test.ts`,
  'answer-invalid': 'shared/client/src/query/decode-batch.test.ts',
  'receipt-invalid': 'shared/client/src/query/check-answer.test.ts',
  timeout: 'shared/network/src/framing/windowed.test.ts',
  aborted: `${client}/query-failover.test.ts`,
  'client-failed': 'apps/web/e2e/widget.spec.ts',
  'setting-invalid': 'apps/relay/src/daemon/data-directory.test.ts',
}

test.each(Object.entries(provokedBy))('%s is provoked by %s', (code, path) => {
  const text = readFileSync(join(import.meta.dirname, '..', path), 'utf8')
  expect(text).toMatch(new RegExp(`['"]?\\b${code}\\b['"]?`))
})
