/** The guests of a node, from its settings and its state. */
import { join } from 'node:path'
import type { Deployment } from '@enigma/protocol'
import type { ChainMirror } from '../chain-mirror/chain-mirror.ts'
import { signerOf } from '../commands/signer.ts'
import type { NodeConfig } from '../config.ts'
import type { Host } from '../host/create-host.ts'
import { guestTermsOf } from '../roles/persistence/guests/guest-terms.ts'
import { requireMemoryBound } from '../roles/persistence/guests/require-memory-bound.ts'
import type { SandboxTools } from '../roles/worker/sandbox/sandbox-tools.ts'
import { createGuests, type Guests } from './guests.ts'
import type { Log } from './log.ts'
import { dataFiles, type NodeState } from './node-state.ts'
import { isOperatorAccepted } from './operator-acceptances.ts'

type OpenGuestsParts = {
  config: NodeConfig
  state: NodeState
  host: Host
  mirror: ChainMirror
  deployment: Deployment
  nowSeconds: () => number
  tools: Pick<SandboxTools, 'prlimit'>
  log: Pick<Log, 'error'>
}

/** Opens them over what the node stored of them. */
export function openGuests({
  config,
  state,
  host,
  mirror,
  deployment,
  nowSeconds,
  tools,
  log,
}: OpenGuestsParts): Guests {
  const directory = join(config.dataDirectory, dataFiles.accepted)
  const signer = signerOf(state.signer)
  const { terms, warning } = requireMemoryBound(guestTermsOf(config.persistence.accepts, signer.address), tools)
  if (warning !== undefined) log.error({ prlimit: 'missing' }, warning)
  return createGuests({
    terms,
    settings: state.settings,
    isAccepted: (dataset) => isOperatorAccepted({ directory, dataset }),
    mirror,
    store: state.snapshots,
    peerId: host.node.peerId.toString(),
    signer,
    deployment,
    nowSeconds,
    nowMs: () => performance.now(),
  })
}
