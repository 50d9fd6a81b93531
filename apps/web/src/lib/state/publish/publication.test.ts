import type { Hex, ManifestNode, SignedHead, SignedManifest, Snapshot } from '@enigma/protocol'
import { describe, expect, test } from 'vitest'
import { emptyDraft } from '#lib/publish/draft.ts'
import {
  isRevocable,
  nextStep,
  type Publication,
  type PublicationPorts,
  publicationSteps,
  runPublication,
} from './publication.ts'

const hash: Hex = `0x${'01'.repeat(32)}`
const start: Publication = {
  ...{ terms: { peerId: 'p', maxRows: 1, maxBytes: 1 }, peerIds: ['p'], later: undefined, previous: undefined },
  ...{ path: 'a/b', account: '0x0a', draft: emptyDraft, publisher: '0x0b', startedAtMs: 0 },
  ...{ segments: undefined, acceptance: undefined, signed: undefined, isRegistered: false, isAnnounced: false },
  ...{ snapshot: undefined, head: undefined, isServed: false, isChecked: false },
}
const snapshot = { seq: 1, root: hash } as Snapshot

/** Ports that only note what they were asked; `failAt` fails once. */
function createScene({ failAt }: { failAt?: string } = {}) {
  const done: string[] = []
  const kept: Publication[] = []
  let isBroken = failAt !== undefined
  const note = <Result>(name: string, result: Result) => {
    if (name === failAt && isBroken) {
      isBroken = false
      return Promise.reject(new Error(`${name} failed`))
    }
    done.push(name)
    return Promise.resolve(result)
  }
  const ports: PublicationPorts = {
    keep: (publication) => Promise.resolve(void kept.push(publication)),
    convert: () => note('convert', { segments: [], previous: undefined }),
    accept: () => note('accept', { peerId: 'p' } as ManifestNode),
    sign: () => note('sign', {} as SignedManifest),
    register: () => note('register', undefined),
    announce: () => note('announce', undefined),
    describe: () => note('describe', snapshot),
    signHead: () => note('signHead', {} as SignedHead),
    serve: () => note('serve', undefined),
    check: () => note('check', undefined),
  }
  const run = (publication: Publication, signal = new AbortController().signal) =>
    runPublication({ publication, ports, signal, onChange: () => undefined, onProgress: () => undefined })
  return { run, done, kept }
}

const order = ['convert', 'accept', 'sign', 'register', 'announce', 'describe', 'signHead', 'serve', 'check']

describe('a publication', () => {
  test('goes through every step in order, and nothing is signed or paid before the node has accepted', async () => {
    const { run, done } = createScene()
    const live = await run(start)
    expect(done).toEqual(order)
    expect(nextStep(live)).toBeUndefined()
    expect(done.indexOf('sign')).toBeGreaterThan(done.indexOf('accept'))
    expect(done.indexOf('register')).toBeGreaterThan(done.indexOf('convert'))
  })

  test.each(order)('that fell into %s goes on there, from what was kept', async (failAt) => {
    const { run, done, kept } = createScene({ failAt })
    await expect(run(start)).rejects.toThrow('failed')
    const before = [...done]
    await run(kept.at(-1) ?? start)
    expect(before).toEqual(order.slice(0, order.indexOf(failAt)))
    expect(done).toEqual(order)
  })

  test('keeps the snapshot before its head is signed, and never describes a second one', async () => {
    const { run, kept, done } = createScene({ failAt: 'signHead' })
    await expect(run(start)).rejects.toThrow('signHead')
    expect(kept.at(-1)).toMatchObject({ snapshot, head: undefined })
    await run(kept.at(-1)!)
    expect(done.filter((name) => name === 'describe')).toHaveLength(1)
  })

  test('whose segments were not kept makes them again while the node needs them', () => {
    const listed = { ...start, acceptance: {} as ManifestNode, signed: {} as SignedManifest, isRegistered: true }
    expect(nextStep(listed)).toBe('convert')
    expect(nextStep({ ...listed, isAnnounced: true, head: {} as SignedHead, isServed: true })).toBe('check')
  })

  test('can be left until it is on chain', () => {
    expect([isRevocable(start), isRevocable({ ...start, isRegistered: true })]).toEqual([true, false])
  })

  test('of later rows asks neither node nor wallet, and can be left until its snapshot is named', async () => {
    const { run, done } = createScene()
    const later: Publication = { ...start, later: 'add', isRegistered: true, isAnnounced: true }
    await run(later)
    expect(done).toEqual(['convert', 'describe', 'signHead', 'serve', 'check'])
    expect([isRevocable(later), isRevocable({ ...later, snapshot })]).toEqual([true, false])
  })

  test('ends between two steps when it is told to', async () => {
    const { run, done } = createScene()
    await expect(run(start, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
    expect(done).toEqual([])
    expect(publicationSteps).toHaveLength(8)
  })
})
