import { type Deployment, type Hex, limits } from '@enigma/protocol'
import { privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { signSnapshotPass, verifySnapshotPass } from './snapshot-pass.ts'

const deployment: Deployment = { chainId: 31337, marketplace: `0x${'ab'.repeat(20)}` }
const signer = privateKeyToAccount(`0x${'01'.repeat(32)}`)
const stranger = privateKeyToAccount(`0x${'02'.repeat(32)}`)
const publisher = signer.address.toLowerCase() as Hex
const dataset: Hex = `0x${'22'.repeat(32)}`
const peerId = '12D3KooWPublisherPublisherPublisherPublisherPubl'
const nowSeconds = 1_800_000_000
const terms = { dataset, peerId, deployment }
const expiresAt = nowSeconds + limits.snapshotPassSeconds

test('a pass stands for its peer, dataset and deployment, and until its end', async () => {
  const pass = await signSnapshotPass({ ...terms, expiresAt, signer })
  const check = { ...terms, pass, publisher, nowSeconds }
  expect(await verifySnapshotPass(check)).toBe(true)
  expect(await verifySnapshotPass({ ...check, nowSeconds: expiresAt - 1 })).toBe(true)
  const refused = [
    { nowSeconds: expiresAt },
    { peerId: peerId.replace('Publ', 'Thie') },
    { dataset: `0x${'23'.repeat(32)}` as const },
    { deployment: { ...deployment, chainId: 1 } },
    { publisher: stranger.address.toLowerCase() as Hex },
    { pass: { ...pass, expiresAt: expiresAt - 1 } },
    { pass: { ...pass, signature: `0x${'00'.repeat(65)}` as const } },
  ]
  for (const change of refused) expect(await verifySnapshotPass({ ...check, ...change })).toBe(false)
})

test('nobody but the publisher signs one, and not for longer than allowed', async () => {
  const forged = await signSnapshotPass({ ...terms, expiresAt, signer: stranger })
  expect(await verifySnapshotPass({ ...terms, pass: forged, publisher, nowSeconds })).toBe(false)
  const eternal = await signSnapshotPass({ ...terms, expiresAt: nowSeconds + 10 * 365 * 86_400, signer })
  expect(await verifySnapshotPass({ ...terms, pass: eternal, publisher, nowSeconds })).toBe(false)
})
