/** What a curator has said of a dataset that is not listed yet, as it was typed: kept over reloads, checked by step. */
import type { PublishColumn } from './column-type.ts'

export const publishSteps = ['file', 'columns', 'describe', 'price', 'review'] as const
export type PublishStep = (typeof publishSteps)[number]

/** A payee as typed; `percent` of 100. */
export type PayoutLine = { account: string; percent: string }

/** The file, as far as it was read. `preview`: its first rows as text, null where a cell is empty. */
export type DraftFile = {
  name: string
  bytes: number
  format: 'csv' | 'json' | 'parquet'
  rows: number
  names: readonly string[]
  preview: readonly (readonly (string | null)[])[]
}

export type Draft = {
  file: DraftFile | undefined
  columns: readonly PublishColumn[]
  /** Names of the columns that tell rows apart; none where every publication replaces the rows. */
  key: readonly string[]
  table: string
  name: string
  title: string
  description: string
  licence: string
  /** Separated by commas. */
  tags: string
  /** Rows that anyone may try; empty for none. */
  sampleRows: string
  trialDays: string
  /** ENG. */
  price: string
  deposit: string
  /** peerId of the node that is to serve it. */
  node: string
  payouts: readonly PayoutLine[]
}

export const emptyDraft: Draft = {
  ...{ file: undefined, columns: [], key: [], table: '', name: '', title: '', description: '', licence: '', tags: '' },
  ...{ sampleRows: '100', trialDays: '0', price: '', deposit: '', node: '', payouts: [] },
}

/** The tags of a text. */
export function tagsOf(text: string): string[] {
  return [...new Set(text.split(',').map((tag) => tag.trim()))].filter((tag) => tag !== '')
}

/** Basis points of a share that a person typed; undefined where it is none between 0 and 100 with two decimals. */
export function shareOf(percent: string): number | undefined {
  const [, whole, fraction = ''] = /^\s*(\d{1,3})(?:\.(\d{1,2}))?\s*%?\s*$/.exec(percent) ?? []
  if (whole === undefined) return undefined
  const bps = Number(whole) * 100 + Number(fraction.padEnd(2, '0'))
  return bps > 10_000 ? undefined : bps
}

/** The shares together, in basis points; what cannot be read counts nothing. */
export function sumOfShares(payouts: readonly PayoutLine[]): number {
  return payouts.reduce((sum, { percent }) => sum + (shareOf(percent) ?? 0), 0)
}

/** A share as people type it. */
export function percentText(bps: number): string {
  return String(bps / 100)
}
