import type { SignedGrant } from '@enigma/protocol'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { minterAt } from './minter-at.ts'

const nowMs = 1_800_000_000_000
const visitorKey = `0x04${'ab'.repeat(64)}` as const
const id = `0x${'11'.repeat(32)}` as const

function grantUntil(validUntil: number): SignedGrant {
  const hash = `0x${'22'.repeat(32)}` as const
  const account = `0x${'33'.repeat(20)}` as const
  return {
    signature: `0x${'44'.repeat(64)}`,
    grant: {
      ...{
        root: account,
        delegateKey: visitorKey,
        profile: 'p256',
        origin: '',
        nodes: [{ signer: account, bps: 10_000 }],
      },
      permissions: [{ dataset: hash, abilities: 2, templatesRoot: hash }],
      ...{ id, revision: 0, epoch: 0, validAfter: 0, validUntil, maxRequestSeconds: 60, maxChildren: 0 },
      limits: { maxRows: 10, maxBytes: 1000, perMinute: 1, perDay: 1, total: 1 },
      parentGrantHash: hash,
    },
  }
}

let at = 0
const ask = (isFresh = false) =>
  minterAt({ url: `https://site.example/grant-${at}`, grant: id })({ visitorKey, isFresh, signal: undefined })
const answers = (...bodies: unknown[]) => {
  const asked = vi.fn<typeof fetch>()
  for (const body of bodies) {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    asked.mockResolvedValueOnce(new Response(text))
  }
  vi.stubGlobal('fetch', asked)
  return asked
}

describe('a grant of the site’s server', () => {
  beforeEach(() => {
    at++
    vi.useFakeTimers({ now: nowMs, toFake: ['Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('is asked for by this page’s key, and kept until its last seconds', async () => {
    const first = grantUntil(nowMs / 1000 + 300)
    const next = grantUntil(nowMs / 1000 + 600)
    const asked = answers(first, next)
    expect(await ask()).toEqual(first)
    expect(await ask()).toEqual(first)
    expect(asked).toHaveBeenCalledTimes(1)
    expect(asked.mock.calls[0]?.[1]).toMatchObject({ method: 'POST', body: JSON.stringify({ grant: id, visitorKey }) })
    vi.setSystemTime(nowMs + 281_000)
    expect(await ask()).toEqual(next)
  })

  it('is asked for anew where a node took the one before no more', async () => {
    const asked = answers(grantUntil(nowMs / 1000 + 300), grantUntil(nowMs / 1000 + 400))
    await ask()
    expect((await ask(true)).grant.validUntil).toBe(nowMs / 1000 + 400)
    expect(asked).toHaveBeenCalledTimes(2)
  })

  it.each([
    ['no JSON', '<p>sign in</p>'],
    ['no grant', { grant: {} }],
    ['more than a grant', { ...grantUntil(1), extra: true }],
    ['one that never ends', `[${'1,'.repeat(20_000)}1]`],
    ['a prototype', '{"__proto__":{"grant":1}}'],
  ])('that is %s is refused, and asked for again', async (_, body) => {
    const good = grantUntil(nowMs / 1000 + 300)
    answers(body, good)
    await expect(ask()).rejects.toMatchObject({ code: 'grant-invalid' })
    expect(await ask()).toEqual(good)
  })

  it('says that the server lets nobody in, or cannot be reached', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('', { status: 403 })))
    await expect(ask()).rejects.toMatchObject({ code: 'grant-invalid', details: '403' })
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')))
    await expect(ask()).rejects.toMatchObject({ code: 'grant-invalid', details: 'no answer' })
  })
})
