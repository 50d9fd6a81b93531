import { expect, test } from 'vitest'
import { missingFrom } from './missing-from.ts'

const remote = {
  manifests: [
    { dataset: '0x01', hash: '0xaa' },
    { dataset: '0x02', hash: '0xbb' },
    { dataset: '0x03', hash: '0xcc' },
    { dataset: '0x01', hash: '0xaa' },
  ],
  records: [
    { peerId: 'known', seq: 5 },
    { peerId: 'newer', seq: 6 },
    { peerId: 'unknown', seq: 0 },
  ],
} as const

test('only what the chain names and is not here is missing', () => {
  const wanted = new Map([
    ['0x01', '0xaa'],
    ['0x02', '0xb0'],
    ['0x03', '0xcc'],
  ] as const)
  const missing = missingFrom({
    wantedHashOf: (dataset) => wanted.get(dataset as '0x01'),
    hasManifest: (hash) => hash === '0xcc',
    seqOf: (peerId) => ({ known: 5, newer: 5 })[peerId],
    remote,
  })
  expect(missing).toEqual({ hashes: ['0xaa'], peerIds: ['newer', 'unknown'] })
})
