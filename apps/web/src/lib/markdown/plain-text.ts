import type { MarkdownNode } from './parse-markdown.ts'

/** The words of a Markdown text without its marks. Not a parser: what it misses stays text. */
const maxLength = 600
/** Of a text in paragraphs; what follows is read by the parser alone. */
const maxParagraphs = 8

/** The paragraphs that begin the text, each in plain words, as they stand until the parser has laid it out. */
export function toPlainNodes(markdown: string): MarkdownNode[] {
  const paragraphs = markdown.slice(0, maxParagraphs * maxLength).split(/\n[ \t]*\n/, maxParagraphs)
  return paragraphs.map(toPlainText).flatMap((text) => (text === '' ? [] : [plainParagraph(text)]))
}

function plainParagraph(text: string): MarkdownNode {
  return { kind: 'paragraph', children: [{ kind: 'text', text }] }
}

/** One paragraph, whitespace collapsed; only the first 600 characters are read. */
export function toPlainText(markdown: string): string {
  return markdown
    .slice(0, maxLength)
    .toWellFormed()
    .replace(/!?\[([^\][]{0,300})\]\([^()]{0,300}\)?/g, '$1')
    .replace(/<\/?[a-z!][^<>]{0,300}>/gi, ' ')
    .replace(/^[ \t]{0,8}(?:#{1,6}|>{1,8}|[-*+]|\d{1,3}[.)])[ \t]+/gm, '')
    .replace(/^[ \t]{0,8}(?:```|~~~).{0,40}$/gm, '')
    .replace(/^[ \t]{0,8}(?:[-*_=][ \t]?){3,}$/gm, '')
    .replace(/(\*{1,3}|_{2,3}|~~|`{1,3})(?=\S)([^*_~`\n]{1,300}?)\1/g, '$2')
    .replace(/\s+/g, ' ')
    .trim()
}
