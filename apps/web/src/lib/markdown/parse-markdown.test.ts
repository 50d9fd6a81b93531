import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type MarkdownNode, parseMarkdown, safeHref } from './parse-markdown.ts'

function* walk(nodes: readonly MarkdownNode[], depth = 0): Generator<{ node: MarkdownNode; depth: number }> {
  for (const node of nodes) {
    yield { node, depth }
    if ('children' in node) yield* walk(node.children, depth + 1)
  }
}

const textOf = (markdown: string) =>
  [...walk(parseMarkdown(markdown))].map(({ node }) => ('text' in node ? node.text : '')).join('')
const links = (markdown: string) =>
  [...walk(parseMarkdown(markdown))].flatMap(({ node }) => (node.kind === 'link' ? [node.href] : []))

test('paragraphs, emphasis, code, lists and links', () => {
  expect(parseMarkdown('**In this demo** it is `fast`.')).toEqual([
    {
      kind: 'paragraph',
      children: [
        { kind: 'strong', children: [{ kind: 'text', text: 'In this demo' }] },
        { kind: 'text', text: ' it is ' },
        { kind: 'codespan', text: 'fast' },
        { kind: 'text', text: '.' },
      ],
    },
  ])
  expect(parseMarkdown('1. one\n2. two')).toMatchObject([{ kind: 'list', isOrdered: true, children: [{}, {}] }])
  expect(links('[docs](https://example.org/a) and <mail@example.org>')).toEqual([
    'https://example.org/a',
    'mailto:mail@example.org',
  ])
  expect(textOf('a < b & "c"')).toBe('a < b & "c"')
})

test.each([
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\nscript:alert(1)',
  ' javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'http://example.org',
  '//example.org',
  '/d/x',
  'file:///etc/passwd',
  'blob:https://example.org/x',
  'https://user:password@example.org',
])('%j is no link', (href) => {
  expect(safeHref(href)).toBeUndefined()
  expect(links(`[x](${href}) [y](<${href}>) ![z](${href})`)).toEqual([])
})

test('html and images are words', () => {
  expect(textOf('<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>')).toContain('<script>alert(1)</script>')
  expect(textOf('![a picture](https://example.org/x.png)')).toBe('a picture')
})

const pieces = [
  ...[
    '<script>',
    '</script>',
    '<img src=x onerror=alert(1)>',
    '<svg/onload=alert(1)>',
    '](javascript:alert(1))',
    '[x]',
  ],
  ...[
    '**',
    '__',
    '`',
    '```',
    '\n\n',
    '> ',
    '- ',
    '1. ',
    '#',
    '|',
    '---',
    '~~',
    '&lt;',
    '\u202e',
    '\u0000',
    '[a]: data:x',
  ],
  ...['<https://example.org>', '<javascript:x>', '![', '](', ')', '\\', '😀', 'http://example.org', 'a'.repeat(300)],
]

test('a thousand hostile texts: few kinds of nodes, bounded, only safe links, soon', () => {
  const hostile = fc.array(fc.constantFrom(...pieces), { maxLength: 200 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(fc.oneof(hostile, fc.string({ unit: 'binary', maxLength: 500 })), (markdown) => {
      let count = 0
      for (const { node, depth } of walk(parseMarkdown(markdown))) {
        count++
        expect(depth).toBeLessThanOrEqual(10)
        if (node.kind === 'link') expect(node.href).toMatch(/^(https|mailto):/)
      }
      expect(count).toBeLessThanOrEqual(10_000)
    }),
    { numRuns: 1500 },
  )
}, 60_000)

test.each(['> ', '- ', '[', '**', '*a ', '`', '<a ', '![', '| ', '\\'])(
  '%j twenty thousand times ends soon',
  (piece) => {
    const started = performance.now()
    parseMarkdown(piece.repeat(20_000))
    expect(performance.now() - started).toBeLessThan(5_000)
  },
)
