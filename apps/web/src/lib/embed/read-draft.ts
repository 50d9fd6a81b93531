/** Reads a draft into what is signed, or says what speaks against it, by field, as sentences that say what to do. */
import type { EmbedDraft, EmbedType, WholeParameter } from './draft.ts'
import { type AllowedValues, type ParameterProblems, readAllowed } from './read-allowed.ts'
import { type EmbedLimits, type LimitBounds, type LimitProblems, readLimits, wholeOf } from './read-limits.ts'
import { readOrigins } from './read-origins.ts'

/** See `Template` of @enigma/protocol. */
export type PlannedTemplate = {
  name: string
  sql: string
  maxRows: number
  parameters: { name: string; type: EmbedType; allowed: AllowedValues }[]
}
/** What the wallet is asked to sign. */
export type EmbedPlan = {
  dataset: string
  template: PlannedTemplate
  limits: EmbedLimits
  origins: string[]
  expiresInSeconds: number
}

export type EmbedProblems = LimitProblems &
  Partial<Record<'account' | 'dataset' | 'sql' | 'origins' | 'days', string>> & {
    parameters: Readonly<Record<number, ParameterProblems>>
  }

export type EmbedFacts = {
  parameters: readonly WholeParameter[]
  bounds: LimitBounds
  hasAccount: boolean
  /** What speaks against the dataset. */
  datasetProblem: string | undefined
}

const maxSqlLength = 8 * 1024
const maxParameters = 16
const maxDays = 30
const daySeconds = 86_400

/** Reads a draft; `plan` is undefined while anything speaks against it. */
export function readDraft(
  draft: EmbedDraft,
  facts: EmbedFacts,
): { problems: EmbedProblems; plan: EmbedPlan | undefined } {
  const parameters = readParameters(facts.parameters)
  const { problems: wrongLimits, limits } = readLimits(draft, facts.bounds)
  const origins = readOrigins(draft.origins)
  const days = wholeOf(draft.days, { most: maxDays })
  const sql = sqlProblem(draft.sql, facts.parameters.length)
  const problems: EmbedProblems = { ...wrongLimits, parameters: parameters.problems }
  if (!facts.hasAccount)
    problems.account = 'Connect the account that subscribes to the dataset; it pays for every answer.'
  if (facts.datasetProblem !== undefined) problems.dataset = facts.datasetProblem
  if (sql !== undefined) problems.sql = sql
  if ('problem' in origins) problems.origins = origins.problem
  if (days === undefined) problems.days = `A whole number of days from 1 to ${maxDays}.`
  const isWrong = Object.keys(problems).length > 1 || Object.keys(parameters.problems).length > 0
  if (isWrong || limits === undefined || days === undefined || 'problem' in origins)
    return { problems, plan: undefined }
  const template = { name: 'main', sql: draft.sql, maxRows: limits.maxRows, parameters: parameters.read }
  const expiresInSeconds = days * daySeconds
  return { problems, plan: { dataset: draft.dataset, template, limits, origins: origins.origins, expiresInSeconds } }
}

function sqlProblem(sql: string, parameters: number): string | undefined {
  if (sql.trim() === '') return 'Write the SQL that visitors are to see the rows of.'
  if (sql.length > maxSqlLength) return `At most ${maxSqlLength} characters of SQL; shorten it.`
  if (parameters > maxParameters) return `At most ${maxParameters} parameters; write the others as values.`
  return undefined
}

function readParameters(parameters: readonly WholeParameter[]): {
  read: PlannedTemplate['parameters']
  problems: Record<number, ParameterProblems>
} {
  const problems: Record<number, ParameterProblems> = {}
  const read: PlannedTemplate['parameters'] = []
  for (const parameter of parameters) {
    const { number, name, type } = parameter
    const allowed = readAllowed(parameter)
    const wrongName = nameProblem(name, parameters)
    if ('problems' in allowed || wrongName !== undefined) {
      const others = 'problems' in allowed ? allowed.problems : {}
      problems[number] = wrongName === undefined ? others : { name: wrongName, ...others }
    } else read.push({ name, type, allowed: allowed.allowed })
  }
  return { read, problems }
}

function nameProblem(name: string, all: readonly WholeParameter[]): string | undefined {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) {
    return 'A name begins with a letter or _, and has only a-z, 0-9 and _, at most 63 characters.'
  }
  return all.filter((each) => each.name === name).length > 1
    ? 'Another parameter has this name; choose one of its own.'
    : undefined
}
