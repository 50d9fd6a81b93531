/**
 * Markdown of strangers as a tree of a few kinds of nodes, bounded in size and depth. HTML stays text, images become
 * their words, and a link is one only to https or mailto: whatever is written, nothing runs and nothing is fetched.
 */
import { lexer, type Token, type Tokens } from 'marked'

const maxLength = 20_000
const maxDepth = 8
const maxNodes = 4_000

export type MarkdownNode =
  | { kind: 'text' | 'code' | 'codespan'; text: string }
  | { kind: 'rule' | 'break' }
  | { kind: 'link'; href: string; children: MarkdownNode[] }
  | { kind: 'list'; isOrdered: boolean; children: MarkdownNode[] }
  | { kind: 'paragraph' | 'heading' | 'quote' | 'item' | 'strong' | 'emphasis' | 'strike'; children: MarkdownNode[] }

/** The tree; text that is nested beyond all reason comes back as one plain paragraph. */
export function parseMarkdown(markdown: string): MarkdownNode[] {
  const text = markdown.slice(0, maxLength).toWellFormed()
  // What no writer nests so deep is not worth a parser's stack.
  if (/^[ \t>*+-]{64,}/m.test(text) || /[[*_~]{64,}/.test(text)) return plain(text)
  try {
    return convertAll(lexer(text, { gfm: true }), { left: maxNodes }, 0)
  } catch (error) {
    if (error instanceof RangeError) return plain(text)
    throw error
  }
}

type Budget = { left: number }

function plain(text: string): MarkdownNode[] {
  return [{ kind: 'paragraph', children: [{ kind: 'text', text }] }]
}

function convertAll(tokens: readonly Token[] | undefined, budget: Budget, depth: number): MarkdownNode[] {
  const nodes: MarkdownNode[] = []
  for (const token of tokens ?? []) {
    if (budget.left-- <= 0) break
    if (depth > maxDepth) nodes.push({ kind: 'text', text: token.raw })
    else nodes.push(...convert(token, budget, depth + 1))
  }
  return nodes
}

const containers = {
  paragraph: 'paragraph',
  heading: 'heading',
  blockquote: 'quote',
  list_item: 'item',
  strong: 'strong',
  em: 'emphasis',
  del: 'strike',
} as const

function convert(token: Token, budget: Budget, depth: number): MarkdownNode[] {
  const children = () => convertAll('tokens' in token ? token.tokens : undefined, budget, depth)
  const { type } = token
  if (type in containers) return [{ kind: containers[type as keyof typeof containers], children: children() }]
  switch (type) {
    case 'space':
    case 'def':
      return []
    case 'hr':
      return [{ kind: 'rule' }]
    case 'br':
      return [{ kind: 'break' }]
    case 'code':
    case 'codespan':
      return [{ kind: type, text: (token as Tokens.Code).text }]
    case 'list': {
      const { ordered, items } = token as Tokens.List
      return [{ kind: 'list', isOrdered: ordered, children: convertAll(items, budget, depth) }]
    }
    case 'image':
      return [{ kind: 'text', text: (token as Tokens.Image).text }]
    case 'link': {
      const href = safeHref((token as Tokens.Link).href)
      return href === undefined ? children() : [{ kind: 'link', href, children: children() }]
    }
    case 'text':
    case 'escape': {
      const text = token as Tokens.Text
      return text.tokens === undefined ? [{ kind: 'text', text: unescape(text) }] : children()
    }
    default:
      return [{ kind: 'text', text: token.raw }]
  }
}

/** Where a token's text is escaped for HTML, its raw text is what was written. */
function unescape({ text, raw, type }: Tokens.Text | Tokens.Escape): string {
  return type === 'escape' ? text : raw
}

/** The address as the browser reads it, where it leads to https or a mail program. */
export function safeHref(href: string): string | undefined {
  if (!URL.canParse(href)) return undefined
  const url = new URL(href)
  const isWanted =
    (url.protocol === 'https:' && url.username === '' && url.password === '') || url.protocol === 'mailto:'
  return isWanted ? url.href : undefined
}
