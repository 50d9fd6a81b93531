/** A relay that was away learns of the embeds, and of the revisions, that it missed, and believes none that is not proven. */
import { hashGrant } from '@enigma/crypto'
import { type EmbedLine, type EmbedSource, handleGrants } from '@enigma/network'
import { encodeEmbed, type Hex, limits } from '@enigma/protocol'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { addressesOf, createCleanup, startHost } from '../../../../test/network/support/nodes.ts'
import { openDatabase } from '../../../store/open-database.ts'
import { createOwner, type EmbedOwner, revise } from '../../persistence/fixtures/embed-scene.ts'
import {
  createNode,
  dataset,
  deployment,
  type Node,
  randomHex,
  startSeconds,
} from '../../persistence/fixtures/query-scene.ts'
import { relayLimits } from '../relay-limits.ts'
import { relayMigrations } from '../relay-migrations.ts'
import { startEmbedCatchUp } from './catch-up-embeds.ts'
import { createEmbedDesk, type EmbedDesk } from './embed-desk.ts'
import { createEmbedStore } from './embed-store.ts'

const cleanup = createCleanup()
const waiting = { timeout: 20_000, interval: 50 }
afterEach(() => cleanup.run())

let scene: Node
beforeEach(() => {
  scene = createNode()
})

function createDesk(): EmbedDesk {
  const database = openDatabase({ path: ':memory:', migrations: relayMigrations })
  const store = createEmbedStore({ database, deployment })
  const { accessOf } = scene.chain.view
  return createEmbedDesk({ store, deployment, accessOf, nowSeconds: () => startSeconds, nowMs: () => 0 })
}

/** A relay that serves what it is given, and one that comes to it with a desk of its own. */
async function setUp(served: Pick<EmbedSource, 'linesAfter' | 'bytesOf'>) {
  const peer = await startHost({ cleanup, kind: 'public' })
  const asked: Hex[] = []
  const embeds: EmbedSource = {
    bytesOfAccount: () => [],
    accept: () => expect.fail(),
    linesAfter: served.linesAfter,
    bytesOf: (id) => {
      asked.push(id)
      return served.bytesOf(id)
    },
  }
  const server = await handleGrants({ host: peer.node, embeds, onError: (error) => expect.fail(String(error)) })
  cleanup.add(() => server.stop())
  const late = await startHost({ cleanup, kind: 'public', listen: [] })
  const desk = createDesk()
  const errors: unknown[] = []
  const catchUp = startEmbedCatchUp({ node: late.node, desk, onError: (error) => errors.push(error) })
  cleanup.add(() => catchUp.stop())
  const connect = () => late.node.dial(addressesOf(peer).map((text) => multiaddr(text)))
  return { desk, connect, asked, errors, catchUp }
}

const lineOf = ({ grant }: EmbedOwner): EmbedLine => ({
  ...{ id: grant.id, dataset, revision: grant.revision, hash: hashGrant(grant, deployment) },
  validUntil: grant.validUntil,
})

test('new embeds and newer revisions come, in bounded pages, and what is here already is not asked for', async () => {
  const there = createDesk()
  const owners = await Promise.all(Array.from({ length: 8 }, () => createOwner(scene)))
  for (const { embed } of owners) await there.accept(embed)
  const [known, revised] = owners as [EmbedOwner, EmbedOwner]
  const paused = await revise(revised, scene, { validUntil: startSeconds + 86_400 })
  await there.accept(paused.embed)
  const unpaid = await createOwner(scene)
  await there.accept(unpaid.embed)
  scene.chain.accounts.delete(`${dataset} ${unpaid.grant.root}`)
  // Of three ids a page, as a relay with many more would send them.
  const pages: number[] = []
  const linesAfter = (id: Hex) => {
    const lines = there.linesAfter(id).slice(0, 3)
    pages.push(lines.length)
    return lines
  }
  const { desk, connect, asked, errors } = await setUp({ linesAfter, bytesOf: there.bytesOf })
  await desk.accept(known.embed)
  await desk.accept(revised.embed)
  await connect()
  await vi.waitFor(() => expect(pages.at(-1)).toBe(0), waiting)
  await vi.waitFor(() => expect(desk.embedOf(paused.grant.id)).toEqual(paused.embed), waiting)
  for (const { grant, embed } of owners.slice(2)) expect(desk.embedOf(grant.id)).toEqual(embed)
  expect(asked).toHaveLength(7)
  expect(asked).not.toContain(known.grant.id)
  expect(asked).not.toContain(unpaid.grant.id)
  expect(errors).toEqual([])
})

test('a relay that makes embeds up is left after some, and nothing of it is kept', async () => {
  const owner = await createOwner(scene)
  const forged = new Map<Hex, Uint8Array>()
  const ids = Array.from({ length: 30 }, () => `${owner.grant.root}${randomHex(12).slice(2)}` as Hex).toSorted()
  for (const id of ids) {
    const grant = { ...owner.embed.grant, grant: { ...owner.grant, id } }
    forged.set(id, encodeEmbed({ ...owner.embed, grant }))
  }
  const lines = ids.map((id) => ({ ...lineOf(owner), id }))
  const { desk, connect, errors } = await setUp({
    linesAfter: (after) => lines.filter(({ id }) => id > after),
    bytesOf: (id) => forged.get(id),
  })
  await connect()
  await vi.waitFor(() => expect(errors).toHaveLength(relayLimits.catchUpInvalid + 1), waiting)
  expect([...desk.bytesOfAccount(owner.grant.root)]).toEqual([])
})

test('no more is asked for of an account than it may have, and a list that goes in circles is left', async () => {
  const owner = await createOwner(scene)
  const ids = Array.from({ length: 300 }, () => `${owner.grant.root}${randomHex(12).slice(2)}` as Hex).toSorted()
  const lines = ids.map((id) => ({ ...lineOf(owner), id }))
  const { connect, asked, errors } = await setUp({ linesAfter: () => lines, bytesOf: () => undefined })
  await connect()
  await vi.waitFor(() => expect(errors).toHaveLength(1), waiting)
  expect(errors[0]).toMatchObject({ code: 'unreadable' })
  expect(asked).toHaveLength(limits.embedsPerAccount)
})
