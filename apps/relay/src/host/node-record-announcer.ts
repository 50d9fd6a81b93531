/**
 * Keeps this node's record true: signs it anew when addresses, datasets or query key change and long before it expires,
 * under a number that never falls, and brings it to the relays (DESIGN §5).
 */
import { signNodeRecord, type Signer } from '@enigma/crypto'
import { announce } from '@enigma/network'
import {
  type Deployment,
  type Hex,
  limits,
  MarketplaceError,
  type NodeRecord,
  type NodeRole,
  type SignedNodeRecord,
  uintSchema,
} from '@enigma/protocol'
import type { Connection, Libp2p, PrivateKey } from '@libp2p/interface'
import type { SettingsStore } from '../store/settings-store.ts'

export type CreateNodeRecordAnnouncerParameters = {
  host: Pick<Libp2p, 'peerId' | 'getMultiaddrs' | 'addEventListener' | 'removeEventListener'>
  /** The key of the host's peerId. */
  privateKey: PrivateKey
  signer: Signer
  deployment: Deployment
  roles: readonly NodeRole[]
  /** The key that queries are sealed to, and its id. */
  queryKey: () => { publicKey: Hex; keyId: Hex }
  datasets: () => readonly Hex[]
  /** Whether the node accepts datasets of curators whom it does not know; never when absent. */
  accepts?: (() => boolean) | undefined
  /** Keeps the record's number over restarts. */
  settings: SettingsStore
  /** Connections to the relays that are to know the record. */
  relays: () => readonly Connection[]
  /** Told of each new record; a relay stores and gossips its own here. */
  onRecord?: ((signed: SignedNodeRecord) => void | Promise<void>) | undefined
  nowSeconds: () => number
  /** Told when a record cannot be signed, or a relay does not take it; tried again at the next change or connection. */
  onError: (error: unknown) => void
}

export type NodeRecordAnnouncer = {
  /** Signs and announces the first record. */
  start: () => Promise<void>
  stop: () => Promise<void>
  /** Signs a new record if anything in it changed; to be called when datasets or the query key did. */
  refresh: () => Promise<void>
  /** Brings the present record to a relay, as after a reconnection. */
  pushTo: (connection: Connection) => Promise<void>
  /** Undefined before `start`. */
  readonly current: { signed: SignedNodeRecord; record: NodeRecord } | undefined
}

const seqName = 'node-record-seq'
const pushTimeoutMs = 10_000
const maxAddresses = 32

/** Creates an announcer; nothing happens before `start`. */
export function createNodeRecordAnnouncer(parameters: CreateNodeRecordAnnouncerParameters): NodeRecordAnnouncer {
  const { host, onError } = parameters
  const stopping = new AbortController()
  let current: NodeRecordAnnouncer['current']
  let queue: Promise<void> = Promise.resolve()
  let timer: ReturnType<typeof setTimeout> | undefined

  const pushTo = (connection: Connection) =>
    current === undefined ? Promise.resolve() : push(parameters, connection, current.signed, stopping.signal)

  const renew = async () => {
    if (stopping.signal.aborted) return
    const content = contentOf(parameters)
    if (current !== undefined && !isDue(current.record, parameters.nowSeconds()) && isSame(current.record, content))
      return
    current = await sign(parameters, content)
    clearTimeout(timer)
    timer = setTimeout(refreshLater, (limits.nodeRecordSeconds * 1000) / 2)
    timer.unref()
    await parameters.onRecord?.(current.signed)
    await Promise.all(parameters.relays().map(pushTo))
  }
  const refresh = () => {
    const turn = queue.then(renew)
    // The next turn starts whatever came of this one; its failure is thrown to whoever asked for it.
    queue = turn.catch(() => undefined)
    return turn
  }
  const refreshLater = () => {
    refresh().catch(onError)
  }
  return {
    async start() {
      host.addEventListener('self:peer:update', refreshLater)
      await refresh()
    },
    async stop() {
      host.removeEventListener('self:peer:update', refreshLater)
      clearTimeout(timer)
      stopping.abort()
      await queue
    },
    refresh,
    pushTo,
    get current() {
      return current
    },
  }
}

type RecordContent = Pick<NodeRecord, 'multiaddrs' | 'queryKey' | 'keyId' | 'datasets' | 'accepts'>

function contentOf({ host, queryKey, datasets, accepts }: CreateNodeRecordAnnouncerParameters): RecordContent {
  const { publicKey, keyId } = queryKey()
  const multiaddrs = host
    .getMultiaddrs()
    .map((address) => address.toString())
    .filter((address) => address.length <= 500)
    .sort()
    .slice(0, maxAddresses)
  const content = { multiaddrs, queryKey: publicKey, keyId, datasets: [...datasets()].sort() }
  return accepts?.() === true ? { ...content, accepts: true } : content
}

function isSame(record: NodeRecord, content: RecordContent): boolean {
  const { multiaddrs, queryKey, keyId, datasets, accepts } = record
  return JSON.stringify({ multiaddrs, queryKey, keyId, datasets, accepts }) === JSON.stringify(content)
}

/** A record is renewed when half of its time has passed. */
function isDue({ issuedAt, expiresAt }: NodeRecord, nowSeconds: number): boolean {
  return nowSeconds >= (issuedAt + expiresAt) / 2
}

async function sign(parameters: CreateNodeRecordAnnouncerParameters, content: RecordContent) {
  const { host, privateKey, signer, deployment, roles, settings, nowSeconds } = parameters
  const issuedAt = nowSeconds()
  // A number kept on disk alone would go back with a restored backup, and relays refuse a lower one.
  const seq = Math.max((settings.get(seqName, uintSchema()) ?? 0) + 1, issuedAt)
  settings.set(seqName, seq)
  const record: NodeRecord = {
    v: 1,
    peerId: host.peerId.toString(),
    signer: signer.address.toLowerCase() as Hex,
    roles: [...roles],
    ...content,
    seq,
    issuedAt,
    expiresAt: issuedAt + limits.nodeRecordSeconds,
  }
  const peerSign = async (message: Uint8Array) => privateKey.sign(message)
  return { record, signed: await signNodeRecord({ record, signer, peerSign, deployment }) }
}

/** A relay that does not take the record is told again at its next connection. */
async function push(
  { onError }: CreateNodeRecordAnnouncerParameters,
  connection: Connection,
  signed: SignedNodeRecord,
  stopping: AbortSignal,
): Promise<void> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(pushTimeoutMs)])
  try {
    await announce({ connection, item: { kind: 'record', signed }, signal })
  } catch (error) {
    const isLost = stopping.aborted || connection.status !== 'open'
    if (!isLost || !(error instanceof MarketplaceError)) onError(error)
  }
}
