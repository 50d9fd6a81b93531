/** Reads a draft into what is signed, or says what speaks against it, by field, as sentences that say what to do. */
import type { EmbedDraft, WholeTemplate } from './draft.ts'
import { type EmbedLimits, type LimitBounds, type LimitProblems, readLimits, wholeOf } from './read-limits.ts'
import { readOrigins } from './read-origins.ts'
import { isRight, type PlannedTemplate, readTemplate, type TemplateProblems } from './read-template.ts'

/** What the wallet is asked to sign. */
export type EmbedPlan = {
  dataset: string
  templates: PlannedTemplate[]
  limits: EmbedLimits
  origins: string[]
  expiresInSeconds: number
  /** The key of the site's server that lets visitors in, 65 bytes; undefined where anybody may ask. */
  minter: `0x${string}` | undefined
}

export type EmbedProblems = LimitProblems &
  Partial<Record<'account' | 'dataset' | 'minter' | 'origins' | 'days', string>> & {
    /** In the order of the templates. */
    templates: readonly TemplateProblems[]
  }

export type EmbedFacts = {
  templates: readonly WholeTemplate[]
  bounds: LimitBounds
  hasAccount: boolean
  /** What speaks against the dataset. */
  datasetProblem: string | undefined
}

const maxDays = 30
const daySeconds = 86_400

/** Reads a draft; `plan` is undefined while anything speaks against it. */
export function readDraft(
  draft: EmbedDraft,
  facts: EmbedFacts,
): { problems: EmbedProblems; plan: EmbedPlan | undefined } {
  const { problems: wrongLimits, limits } = readLimits(draft, facts.bounds)
  const templates = facts.templates.map((template, at) => {
    const others = facts.templates.filter((_, place) => place !== at).map(({ name }) => name)
    return readTemplate(template, { others, maxRows: limits?.maxRows ?? 0 })
  })
  const origins = readOrigins(draft.origins)
  const days = wholeOf(draft.days, { most: maxDays })
  const minter = readMinter(draft)
  const problems: EmbedProblems = { ...wrongLimits, templates: templates.map((each) => each.problems) }
  if (!facts.hasAccount)
    problems.account = 'Connect the account that subscribes to the dataset; it pays for every answer.'
  if (facts.datasetProblem !== undefined) problems.dataset = facts.datasetProblem
  if ('problem' in minter) problems.minter = minter.problem
  if ('problem' in origins) problems.origins = origins.problem
  if (days === undefined) problems.days = `A whole number of days from 1 to ${maxDays}.`
  const isWrong = Object.keys(problems).length > 1 || !problems.templates.every(isRight)
  if (isWrong || limits === undefined || days === undefined || 'problem' in origins || 'problem' in minter)
    return { problems, plan: undefined }
  const plan = {
    ...{ dataset: draft.dataset, limits, origins: origins.origins, minter: minter.key },
    ...{ templates: templates.flatMap(({ planned }) => planned ?? []), expiresInSeconds: days * daySeconds },
  }
  return { problems, plan }
}

function readMinter({
  access,
  minter,
}: Pick<EmbedDraft, 'access' | 'minter'>): { key: EmbedPlan['minter'] } | { problem: string } {
  if (access === 'open') return { key: undefined }
  const key = minter.trim().toLowerCase()
  if (/^0x04[0-9a-f]{128}$/.test(key)) return { key: key as `0x${string}` }
  return { problem: 'Paste the public key that your server prints: 0x04 and 128 hex digits.' }
}
