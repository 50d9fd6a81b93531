/**
 * One publication, from the reviewed draft to rows that strangers can ask for. Each step adds what it made and is kept
 * before the next one begins, so that a reload, a refusal or a lost connection costs only the step that it fell into.
 * Nothing is signed or paid before the rows are converted and the node's word is here and verified.
 */
import type { Hex, ManifestNode, SignedHead, SignedManifest, Snapshot } from '@enigma/protocol'
import type { BuiltSegment } from '#lib/publish/build-segments.ts'
import type { NodeTerms } from '#lib/publish/check-draft.ts'
import type { Draft } from '#lib/publish/draft.ts'

export const publicationSteps = ['convert', 'accept', 'sign', 'register', 'announce', 'head', 'serve', 'check'] as const
export type PublicationStep = (typeof publicationSteps)[number]

export type Publication = {
  path: string
  account: Hex
  /** As it was reviewed; its payouts are all named. */
  draft: Draft
  /** Of the node that is to serve it, as they were reviewed; for later rows, what a page can take. */
  terms: Pick<NodeTerms, 'peerId' | 'maxRows' | 'maxBytes'>
  /** The nodes that are to serve it. */
  peerIds: readonly string[]
  /** What becomes of published rows, where the dataset is listed already; undefined for its first publication. */
  later: 'add' | 'replace' | undefined
  /** The account whose key, kept in this browser, signs the snapshots. */
  publisher: Hex
  /** Unix milliseconds. */
  startedAtMs: number
  segments: readonly BuiltSegment[] | undefined
  /** The newest snapshot when the rows were converted. */
  previous: Snapshot | undefined
  acceptance: ManifestNode | undefined
  signed: SignedManifest | undefined
  isRegistered: boolean
  isAnnounced: boolean
  /** Kept before its head is signed: a second snapshot under one number would cost the deposit. */
  snapshot: Snapshot | undefined
  head: SignedHead | undefined
  isServed: boolean
  isChecked: boolean
}

export type Progress = { done: number; total: number; unit: 'bytes' | 'rows' }

export type StepContext = { signal: AbortSignal; onProgress: (progress: Progress) => void }

export type Converted = { segments: readonly BuiltSegment[]; previous: Snapshot | undefined }

/** What the steps do; each may be done again after it failed, and finds what it did before. */
export type PublicationPorts = {
  keep: (publication: Publication) => Promise<void>
  convert: (publication: Publication, context: StepContext) => Promise<Converted>
  accept: (publication: Publication, context: StepContext) => Promise<ManifestNode>
  sign: (publication: Publication, context: StepContext) => Promise<SignedManifest>
  register: (publication: Publication, context: StepContext) => Promise<void>
  announce: (publication: Publication, context: StepContext) => Promise<void>
  describe: (publication: Publication, context: StepContext) => Promise<Snapshot>
  signHead: (snapshot: Snapshot, publication: Publication) => Promise<SignedHead>
  serve: (publication: Publication, context: StepContext) => Promise<void>
  check: (publication: Publication, context: StepContext) => Promise<void>
}

/** What is to be done next; undefined once it is live. */
export function nextStep(publication: Publication): PublicationStep | undefined {
  // Segments that a browser had no room for are made again from the file, for as long as the node needs them.
  if (publication.segments === undefined && !publication.isServed) return 'convert'
  if (!publication.isRegistered) {
    if (publication.acceptance === undefined) return 'accept'
    return publication.signed === undefined ? 'sign' : 'register'
  }
  if (!publication.isAnnounced) return 'announce'
  if (publication.head === undefined) return 'head'
  if (!publication.isServed) return 'serve'
  return publication.isChecked ? undefined : 'check'
}

/** Whether it can still be left: nothing of it is on chain, or, for later rows, nothing is signed. */
export function isRevocable({ isRegistered, later, snapshot }: Publication): boolean {
  return later === undefined ? !isRegistered : snapshot === undefined
}

export type RunPublicationParameters = {
  publication: Publication
  ports: PublicationPorts
  signal: AbortSignal
  /** Told before each step and of each change. */
  onChange: (publication: Publication, step: PublicationStep | undefined) => void
  onProgress: (progress: Progress) => void
}

/** Does every step that is left; throws what ended one of them. */
export async function runPublication(parameters: RunPublicationParameters): Promise<Publication> {
  const { ports, signal, onChange, onProgress } = parameters
  let { publication } = parameters
  for (let step = nextStep(publication); step !== undefined; step = nextStep(publication)) {
    signal.throwIfAborted()
    onChange(publication, step)
    publication = await takeStep(publication, step, ports, { signal, onProgress })
    await ports.keep(publication)
  }
  onChange(publication, undefined)
  return publication
}

async function takeStep(
  publication: Publication,
  step: PublicationStep,
  ports: PublicationPorts,
  context: StepContext,
): Promise<Publication> {
  switch (step) {
    case 'convert':
      return { ...publication, ...(await ports.convert(publication, context)) }
    case 'accept':
      return { ...publication, acceptance: await ports.accept(publication, context) }
    case 'sign':
      return { ...publication, signed: await ports.sign(publication, context) }
    case 'register':
      await ports.register(publication, context)
      return { ...publication, isRegistered: true }
    case 'announce':
      await ports.announce(publication, context)
      return { ...publication, isAnnounced: true }
    case 'head': {
      const snapshot = publication.snapshot ?? (await ports.describe(publication, context))
      const described = { ...publication, snapshot }
      await ports.keep(described)
      return { ...described, head: await ports.signHead(snapshot, described) }
    }
    case 'serve':
      await ports.serve(publication, context)
      return { ...publication, isServed: true }
    case 'check':
      await ports.check(publication, context)
      return { ...publication, isChecked: true }
  }
}
