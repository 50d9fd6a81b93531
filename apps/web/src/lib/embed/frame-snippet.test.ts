import { expect, test } from 'vitest'
import { frameSnippet } from './frame-snippet.ts'

const plain = {
  origin: 'https://relay.example',
  grant: `0x${'ab'.repeat(32)}`,
  template: undefined,
  parameters: {},
  view: 'table',
  theme: 'auto',
  title: 'Open candles',
} as const

test('the frame names the relay’s page and nothing that is usual', () => {
  const text = frameSnippet(plain)
  expect(text).toContain(`  src="https://relay.example/e/${plain.grant}"\n`)
  expect(text).toContain('sandbox="allow-scripts allow-popups')
  expect(text).not.toContain('allow-same-origin')
})

test('whatever its values hold stays inside of quotes', () => {
  const hostile = '"><script>alert(1)</script>&\u202e'
  const text = frameSnippet({
    ...plain,
    template: 'a',
    parameters: { a: hostile },
    view: 'line',
    theme: 'dark',
    title: hostile,
  })
  expect(text.match(/[<>]/g)).toHaveLength(4)
  const [, src = ''] = /src="([^"]+)"/.exec(text) ?? []
  const { searchParams } = new URL(src.replaceAll('&amp;', '&'))
  expect(Object.fromEntries(searchParams)).toEqual({
    ...{ template: 'a', view: 'line', theme: 'dark', params: JSON.stringify({ a: hostile }) },
  })
})
