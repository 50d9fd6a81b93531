import { expect, test } from 'vitest'
import { consentKey, createConsents } from './consents.ts'

const hour = 3_600

function scene(first: string | null = null) {
  let text = first
  let nowMs = 1_000_000_000
  const store = { getItem: () => text, setItem: (_: string, value: string) => void (text = value) }
  const open = () =>
    createConsents(
      () => store,
      () => nowMs,
    )
  return { open, wait: (ms: number) => (nowMs += ms), until: () => nowMs / 1000 + hour, text: () => text }
}

test('only what was agreed to, in every frame of the store, until the session ends', () => {
  const { open, wait, until } = scene()
  expect(open().take('a')).toBe(false)
  open().give('a', until())
  expect(open().take('a')).toBe(true)
  expect(open().take('b')).toBe(false)
  wait(hour * 1000 + 1)
  expect(open().take('a')).toBe(false)
})

test('many frames ask no more often than one', () => {
  const { open, wait, until } = scene()
  open().give('a', until())
  for (let at = 0; at < 3; at++) expect(open().take('a')).toBe(true)
  expect(() => open().take('a')).toThrow(expect.objectContaining({ code: 'rate-limited' }) as Error)
  wait(120_000)
  expect(open().take('a')).toBe(true)
})

test('everything that the answer depends on is agreed to by itself', async () => {
  const consent = { origin: 'https://a.example', grant: '0x1', question: { sql: 'SELECT 1', limit: 5 } }
  const others = [
    { ...consent, origin: 'https://b.example' },
    { ...consent, grant: '0x2' },
    { ...consent, question: { sql: 'SELECT 2', limit: 5 } },
    { ...consent, question: { sql: 'SELECT 1', limit: 6 } },
  ]
  const keys = await Promise.all([consent, ...others, consent].map(consentKey))
  expect(new Set(keys).size).toBe(5)
  expect(keys.at(-1)).toBe(keys[0])
})

test('what is kept stays bounded', () => {
  const { open, until, text } = scene()
  const consents = open()
  for (let at = 0; at < 300; at++) consents.give(String(at), until())
  expect(JSON.parse(text() ?? '')).toHaveLength(200)
  expect(open().take('299')).toBe(true)
})

test.each(['{', '[["a",{}]]', '7', '[["a",{"untilMs":"x","askedAtMs":[]}]]'])('%s holds no consent', (text) => {
  expect(scene(text).open().take('a')).toBe(false)
})

test('where the browser keeps nothing, a consent lasts as long as the frame', () => {
  const consents = createConsents(() => {
    throw new DOMException('no storage', 'SecurityError')
  })
  expect(consents.take('a')).toBe(false)
  consents.give('a', Date.now() / 1000 + hour)
  expect(consents.take('a')).toBe(true)
})
