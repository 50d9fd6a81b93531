/** Reads one template of a draft, or says what speaks against it, by field. */
import type { EmbedType, WholeParameter, WholeTemplate } from './draft.ts'
import { type AllowedValues, type ParameterProblems, readAllowed } from './read-allowed.ts'

/** See `Template` of @enigma/protocol. */
export type PlannedTemplate = {
  name: string
  sql: string
  maxRows: number
  parameters: { name: string; type: EmbedType; allowed: AllowedValues }[]
}

export type TemplateProblems = { name?: string; sql?: string; parameters: Readonly<Record<number, ParameterProblems>> }

const maxSqlLength = 8 * 1024
const maxParameters = 16
const nameForm = /^[a-z_][a-z0-9_]{0,62}$/
const nameRule = 'A name begins with a letter or _, and has only a-z, 0-9 and _, at most 63 characters.'

/** Reads one; `planned` is undefined while anything speaks against it. `others` are the names of the other templates. */
export function readTemplate(
  { name, sql, parameters }: WholeTemplate,
  { others, maxRows }: { others: readonly string[]; maxRows: number },
): { problems: TemplateProblems; planned: PlannedTemplate | undefined } {
  const read = readParameters(parameters)
  const wrongSql = sqlProblem(sql, parameters.length)
  const wrongName = nameProblem(name, others.includes(name), 'template')
  const problems: TemplateProblems = {
    ...(wrongName === undefined ? {} : { name: wrongName }),
    ...(wrongSql === undefined ? {} : { sql: wrongSql }),
    parameters: read.problems,
  }
  const planned = isRight(problems) ? { name, sql, maxRows, parameters: read.read } : undefined
  return { problems, planned }
}

/** Whether nothing speaks against a template. */
export function isRight({ name, sql, parameters }: TemplateProblems): boolean {
  return name === undefined && sql === undefined && Object.keys(parameters).length === 0
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
    const wrongName = nameProblem(name, parameters.filter((each) => each.name === name).length > 1, 'parameter')
    if ('problems' in allowed || wrongName !== undefined) {
      const others = 'problems' in allowed ? allowed.problems : {}
      problems[number] = wrongName === undefined ? others : { name: wrongName, ...others }
    } else read.push({ name, type, allowed: allowed.allowed })
  }
  return { read, problems }
}

function nameProblem(name: string, isTaken: boolean, what: 'parameter' | 'template'): string | undefined {
  if (!nameForm.test(name)) return nameRule
  return isTaken ? `Another ${what} has this name; choose one of its own.` : undefined
}
