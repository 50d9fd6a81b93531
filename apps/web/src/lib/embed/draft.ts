/** An embed that is not signed yet, as it was typed: kept over reloads, read and checked by `read-draft.ts`. */
import type { FoundParameter, ParameterType } from '#lib/sql/find-parameters.ts'

export const embedViews = ['table', 'line', 'bar', 'area', 'value', 'sparkline'] as const
export type EmbedView = (typeof embedViews)[number]
export const embedThemes = ['auto', 'light', 'dark'] as const
export type EmbedTheme = (typeof embedThemes)[number]
/** How the tag shows its rows. */
export type EmbedLook = { view: EmbedView; theme: EmbedTheme }

/** Types of a template's parameter. */
export const embedTypes = ['text', 'bigint', 'double', 'boolean', 'date', 'timestamp'] as const
export type EmbedType = (typeof embedTypes)[number]

/** What visitors may put into one parameter, as typed: `values` one a line, or a range with both ends. */
export type DraftParameter = {
  name: string
  type: EmbedType
  kind: 'values' | 'range'
  values: string
  min: string
  max: string
}

/** Of one answer, and of answers; whole numbers as typed. */
export type DraftLimits = { maxRows: string; perMinute: string; perDay: string; total: string }

/** One question that visitors may ask; `parameters` by number: what is not typed follows the SQL. */
export type DraftTemplate = {
  name: string
  sql: string
  parameters: Readonly<Record<number, Partial<DraftParameter>>>
}

/** Who may ask: anybody, or whom the site's own server lets in. */
export const embedAccesses = ['open', 'minted'] as const
export type EmbedAccess = (typeof embedAccesses)[number]

export type EmbedDraft = DraftLimits &
  EmbedLook & {
    dataset: string
    /** At least one. */
    templates: readonly DraftTemplate[]
    access: EmbedAccess
    /** Of a minted embed the public key of the site's server. */
    minter: string
    /** Origins of sites, one a line; empty for any. */
    origins: string
    days: string
  }

const firstTemplate: DraftTemplate = { name: 'main', sql: '', parameters: {} }

export const emptyDraft: EmbedDraft = {
  ...{ dataset: '', templates: [firstTemplate], access: 'open', minter: '' },
  ...{ maxRows: '100', perMinute: '60', perDay: '10000', total: '100000' },
  ...{ origins: '', days: '30', view: 'table', theme: 'auto' },
}

/** A parameter with everything that nobody typed filled in from the SQL. */
export type WholeParameter = DraftParameter & { number: number; column: string | undefined }

/** A template with every parameter whole. */
export type WholeTemplate = Omit<DraftTemplate, 'parameters'> & { parameters: readonly WholeParameter[] }

/** Another template, by a name that is free. */
export function anotherTemplate(templates: readonly DraftTemplate[], sql: string): DraftTemplate {
  const taken = new Set(templates.map(({ name }) => name))
  let number = templates.length + 1
  while (taken.has(`query${String(number)}`)) number++
  return { ...firstTemplate, name: `query${String(number)}`, sql }
}

/** Whether values of a type have an order, and so may be allowed by a range. */
export function isRanged(type: ParameterType): boolean {
  return type === 'bigint' || type === 'double' || type === 'date' || type === 'timestamp'
}

/** The parameters of the SQL, each as typed, or by the column that it stands beside. */
export function parametersOf(
  typed: DraftTemplate['parameters'],
  found: readonly FoundParameter[],
): readonly WholeParameter[] {
  const names = new Set<string>()
  return found.map(({ number, column, suggestedType }) => {
    const given = typed[number] ?? {}
    const type = given.type ?? (suggestedType === 'null' ? 'text' : suggestedType)
    const isFree = column !== undefined && /^[a-z_][a-z0-9_]{0,62}$/.test(column) && !names.has(column)
    const name = given.name ?? (isFree ? column : `p${String(number)}`)
    names.add(name)
    const kind = isRanged(type) ? (given.kind ?? 'range') : 'values'
    const blank = { values: type === 'boolean' ? 'true\nfalse' : '', min: '', max: '' }
    return { ...blank, ...given, number, column, name, type, kind }
  })
}
