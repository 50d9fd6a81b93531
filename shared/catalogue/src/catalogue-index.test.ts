import { datasetIdOf, type Hex, type Manifest } from '@enigma/protocol'
import { expect, test } from 'vitest'
import type { ChainListing } from './catalogue-entry.ts'
import { createCatalogueIndex } from './catalogue-index.ts'

const curator: Hex = `0x${'ab'.repeat(20)}`

function manifestOf(name: string, title: string, tags: string[], columns: string[]): Manifest {
  return {
    v: 1,
    curator,
    name,
    version: 1,
    title,
    description: 'd'.repeat(1000),
    licence: 'CC0',
    tags,
    tables: [
      { name: 'rows', columns: columns.map((column) => ({ name: column, type: 'double', encryption: 'none' })) },
    ],
    sample: [],
    trialSeconds: 0,
    publisher: curator,
    storage: { engine: 'duckdb', place: 'here' },
    nodes: [],
    limits: { maxRows: 1, timeoutSeconds: 1 },
  }
}

function createFilled() {
  const listings = new Map<Hex, ChainListing>()
  const index = createCatalogueIndex({ listingOf: (dataset) => listings.get(dataset) })
  const add = (manifest: Manifest, values: Partial<ChainListing>) => {
    const dataset = datasetIdOf(manifest)
    index.put({ dataset, manifest })
    listings.set(dataset, {
      dataset,
      curator,
      name: manifest.name,
      metadataHash: `0x${'00'.repeat(32)}`,
      publisher: curator,
      rate: 1n,
      deposit: 0n,
      subscribers: 0n,
      monthlyRevenue: 0n,
      churn: 0n,
      rank: 0n,
      trialSeconds: 0,
      registeredBlock: 1,
      closedAt: 0,
      ...values,
    })
    return dataset
  }
  const flights = add(manifestOf('flights', 'Flights in the USA', ['travel'], ['carrier', 'delay_minutes']), {
    rank: 3n,
    rate: 9n,
    registeredBlock: 3,
  })
  const quakes = add(manifestOf('earthquakes', 'Earthquakes', ['science', 'geo'], ['magnitude', 'depth']), { rank: 5n })
  const closed = add(manifestOf('candles', 'Old candles', ['finance'], ['open', 'close']), { closedAt: 7, rank: 99n })
  return { index, listings, flights, quakes, closed }
}

const names = (page: { entries: { listing: ChainListing }[] }) => page.entries.map(({ listing }) => listing.name)

test('everything open in rank order, with a short summary', () => {
  const { index } = createFilled()
  const page = index.search({ sort: 'rank', offset: 0, limit: 10 })
  expect(names(page)).toEqual(['earthquakes', 'flights'])
  expect(page.total).toBe(2)
  expect(page.entries[0]?.summary).toMatchObject({ excerpt: 'd'.repeat(300), tables: 1, columns: 2, nodes: 0 })
})

test.each([
  ['flights', ['flights']],
  ['usa', ['flights']],
  ['magnit', ['earthquakes']],
  ['delay', ['flights']],
  ['science', ['earthquakes']],
  ['0xababab', ['earthquakes', 'flights']],
  ['flights magnitude', []],
  ['candles', []],
])('the words "%s" find %j', (text, expected) => {
  const { index } = createFilled()
  expect(names(index.search({ text, sort: 'rank', offset: 0, limit: 10 }))).toEqual(expected)
})

test('tags filter, sorts order, offsets page', () => {
  const { index } = createFilled()
  const search = { offset: 0, limit: 10 }
  expect(names(index.search({ ...search, tags: ['geo', 'science'], sort: 'rank' }))).toEqual(['earthquakes'])
  expect(names(index.search({ ...search, tags: ['geo', 'travel'], sort: 'rank' }))).toEqual([])
  expect(names(index.search({ ...search, sort: 'newest' }))).toEqual(['flights', 'earthquakes'])
  expect(names(index.search({ ...search, sort: 'price' }))).toEqual(['earthquakes', 'flights'])
  expect(index.search({ sort: 'rank', offset: 1, limit: 1 })).toMatchObject({ total: 2, entries: [{}] })
})

test('a new manifest replaces the old words; a removed dataset is not found', () => {
  const { index, flights } = createFilled()
  index.put({ dataset: flights, manifest: manifestOf('flights', 'Ships', ['travel'], ['tonnage']) })
  const search = { sort: 'rank', offset: 0, limit: 10 } as const
  expect(names(index.search({ ...search, text: 'carrier' }))).toEqual([])
  expect(names(index.search({ ...search, text: 'tonnage' }))).toEqual(['flights'])
  index.remove(flights)
  expect(names(index.search(search))).toEqual(['earthquakes'])
  expect(index.size).toBe(2)
})

test('what a relay saw stands in the entry and orders; what it did not look at comes last', () => {
  const { index: plain } = createFilled()
  expect(plain.search({ sort: 'rank', offset: 0, limit: 1 }).entries[0]).not.toHaveProperty('observed')
  const seen = { head: { seq: 4, createdAt: 900 }, looks: 3, answered: 2, since: 10 }
  const { listings, flights, quakes } = createFilled()
  const observed = new Map([[flights, seen]])
  const index = createCatalogueIndex({ listingOf: (id) => listings.get(id), observedOf: (id) => observed.get(id) })
  index.put({ dataset: flights, manifest: manifestOf('flights', 'Flights', [], []) })
  index.put({ dataset: quakes, manifest: manifestOf('earthquakes', 'Earthquakes', [], []) })
  for (const sort of ['freshness', 'uptime'] as const) {
    const page = index.search({ sort, offset: 0, limit: 10 })
    expect(names(page)).toEqual(['flights', 'earthquakes'])
    expect(page.entries.map((entry) => entry.observed)).toEqual([seen, undefined])
  }
  observed.set(quakes, { ...seen, answered: 3, head: { seq: 1, createdAt: 899 } })
  expect(names(index.search({ sort: 'freshness', offset: 0, limit: 10 }))).toEqual(['flights', 'earthquakes'])
  expect(names(index.search({ sort: 'uptime', offset: 0, limit: 10 }))).toEqual(['earthquakes', 'flights'])
})
