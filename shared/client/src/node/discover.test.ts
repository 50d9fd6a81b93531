import { afterEach, describe, expect, test } from 'vitest'
import { startTestNetwork, type TestNetwork } from './fixtures/test-network.ts'

let network: TestNetwork | undefined
afterEach(async () => {
  await network?.stop()
  network = undefined
})

const names = ({ entries }: { entries: readonly { manifest: { name: string } }[] }) =>
  entries.map(({ manifest }) => manifest.name)

async function startListed() {
  network = await startTestNetwork()
  await network.list('popular', 9)
  await network.list('quiet', 1)
  return network
}

test('two honest relays agree with the chain', async () => {
  const { client } = await startListed()
  const found = await client.discover()
  expect(names(found)).toEqual(['popular', 'numbers', 'quiet'])
  expect(found).toMatchObject({ total: 3, relaysAnswered: 2, disagreements: [] })
  expect(found.entries[0]).toMatchObject({ subscribers: 9n, summary: { title: 'Title of popular' } })
})

describe('one relay lies', () => {
  test('about the order: the chain decides and it is told', async () => {
    const { client, relays } = await startListed()
    const [liar] = relays
    const { page } = liar!.mind
    liar!.mind.page = () => ({ total: 3, entries: page().entries.reverse() })
    const found = await client.discover()
    expect(names(found)).toEqual(['popular', 'numbers', 'quiet'])
    expect(found.disagreements).toEqual([{ relay: liar!.peerId, kind: 'order' }])
  })

  test('by leaving one out: the other relay shows it', async () => {
    const { client, relays, numbers } = await startListed()
    const { mind, peerId } = relays[0]!
    const { page } = mind
    mind.page = () => ({
      total: 2,
      entries: page().entries.filter(({ listing }) => listing.dataset !== numbers.id),
    })
    const found = await client.discover()
    expect(names(found)).toEqual(['popular', 'numbers', 'quiet'])
    expect(found.disagreements).toEqual([{ relay: peerId, kind: 'omitted', dataset: numbers.id }])
  })

  test('about amounts and titles: both come from the chain and the manifest', async () => {
    const { client, relays } = await startListed()
    for (const { mind } of relays) {
      const { page } = mind
      mind.page = () => ({
        total: 3,
        entries: page().entries.map(({ listing, summary }) => ({
          listing: { ...listing, subscribers: 1_000n, rank: 10n ** 30n, metadataHash: `0x${'ff'.repeat(32)}` },
          summary: { ...summary, title: 'Buy this' },
        })),
      })
    }
    const { entries } = await client.discover()
    expect(entries.map(({ subscribers }) => subscribers)).toEqual([9n, 5n, 1n])
    expect(entries.map(({ summary }) => summary.title)).not.toContain('Buy this')
  })

  test('with datasets that are closed or never were: they are not shown', async () => {
    const { client, relays, chain, numbers } = await startListed()
    chain.datasets.get(numbers.id)!.closedAt = 5
    const { mind, peerId } = relays[0]!
    const { page } = mind
    mind.page = () => {
      const { entries } = page()
      const [first] = entries
      return {
        total: 4,
        entries: [{ ...first!, listing: { ...first!.listing, name: 'invented' } }, ...entries.slice(1)],
      }
    }
    relays[1]!.mind.page = () => ({ total: 0, entries: [] })
    const found = await client.discover()
    expect(names(found)).toEqual(['quiet'])
    expect(found.disagreements.filter(({ relay, kind }) => relay === peerId && kind === 'false-entry')).toHaveLength(2)
  })
})

test('what relays saw is the word of the first that tells it, orders by it, and makes no disagreement', async () => {
  const { client, relays, numbers } = await startListed()
  const saw = (relay: number, seen: Record<string, number>) => {
    const { mind } = relays[relay]!
    const { page } = mind
    mind.page = () => ({
      total: 3,
      entries: page().entries.map((entry) => {
        const createdAt = seen[entry.listing.name]
        if (createdAt === undefined) return entry
        return { ...entry, observed: { head: { seq: 1, createdAt }, looks: 2, answered: 1 + relay, since: 5 } }
      }),
    })
  }
  saw(0, { numbers: 70, popular: 10 })
  saw(1, { numbers: 20, quiet: 30 })
  const found = await client.discover({ sort: 'freshness' })
  expect(found.disagreements).toEqual([])
  expect(found.entries.map(({ observed }) => observed?.head?.createdAt)).toEqual([70, 30, 10])
  expect(found.entries[0]).toMatchObject({ id: numbers.id, observed: { answered: 1 } })
  expect(names(await client.discover({ sort: 'uptime' }))).toEqual(['quiet', 'popular', 'numbers'])
})

test('what does not meet the filter is not shown, though a relay lists it', async () => {
  const { client, relays } = await startListed()
  const found = await client.discover({ minRate: 1n, tags: ['no such tag'] })
  expect(found.entries).toEqual([])
  for (const { peerId } of relays) {
    const told = found.disagreements.filter(({ relay, kind }) => relay === peerId && kind === 'false-entry')
    expect(told).toHaveLength(3)
  }
})

test('a closed dataset keeps its description: the manifest is found by its hash, without nodes', async () => {
  const { client, relays, chain, numbers } = await startListed()
  chain.datasets.get(numbers.id)!.closedAt = 5
  for (const { mind } of relays) mind.locate = () => undefined
  await expect(client.dataset(numbers.path)).rejects.toMatchObject({ code: 'dataset-unknown' })
  const found = await client.dataset(numbers.path, { isNodeNeeded: false })
  expect(found).toMatchObject({ manifest: { title: 'Title of numbers' }, nodes: [] })
})

test('the network as the client sees it: relays, connections, round trips, the preferred one first', async () => {
  const { client, relays } = await startListed()
  const [, second] = relays
  const network = client.network()
  expect(await network.ping(second!.peerId)).toBeGreaterThan(0)
  network.preferRelay(second!.peerId)
  const { relays: known, connections } = network.status()
  expect(known[0]).toMatchObject({ peerId: second!.peerId, isPreferred: true, state: 'connected', failures: 0 })
  expect(connections.find(({ peerId }) => peerId === second!.peerId)).toMatchObject({ role: 'relay' })
  await expect(network.ping('12D3KooWnobody')).rejects.toMatchObject({ code: 'no-route' })
})

test('with one relay gone the other answers, and it is told', async () => {
  const { client, relays } = await startListed()
  await relays[0]!.stop()
  const found = await client.discover()
  expect(names(found)).toEqual(['popular', 'numbers', 'quiet'])
  expect(found).toMatchObject({ relaysAnswered: 1 })
  expect(found.disagreements).toEqual([{ relay: relays[0]!.peerId, kind: 'unreachable' }])
})

test('with every relay gone it says so', async () => {
  const { client, relays } = await startListed()
  await Promise.all(relays.map((relay) => relay.stop()))
  await expect(client.discover()).rejects.toMatchObject({ code: 'no-relay' })
})
