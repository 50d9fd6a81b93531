/** The query as a program and as a command, to be taken along. Whatever the SQL holds, it stays inside of its quotes. */
import type { ParameterValue } from './parse-parameter.ts'

export type SnippetParameters = {
  dataset: string
  sql: string
  parameters: readonly ParameterValue[]
  path: 'blind' | 'direct'
  isSample: boolean
}

/** TypeScript for the SDK in Node. */
export function sdkSnippet({ dataset, sql, parameters, path, isSample }: SnippetParameters): string {
  const options = [
    `  dataset: ${quoteSingle(dataset)},`,
    `  sql: ${quoteTemplate(sql)},`,
    ...(parameters.length === 0 ? [] : [`  parameters: ${JSON.stringify(parameters)},`]),
    ...(path === 'blind' ? [] : [`  path: 'direct',`]),
    ...(isSample ? [] : ['  account: account.address,']),
  ]
  return [
    `import { createNodeClient } from '@enigma/client/node'`,
    '',
    '// network: what the site serves as /enigma-network.json',
    'const client = await createNodeClient({ network })',
    ...(isSample ? [] : ['await client.authorize({ signer: account }) // a viem account; it signs once']),
    `const { rows } = await client.${isSample ? 'sample' : 'query'}({`,
    ...options,
    '}).collect()',
  ].join('\n')
}

/** The command line. */
export function cliSnippet({ dataset, sql, parameters, path, isSample }: SnippetParameters): string {
  const flags = [
    ...parameters.flatMap((parameter) => ['--param', quoteShell(parameterFlag(parameter))]),
    ...(path === 'blind' ? [] : ['--path', 'direct']),
    ...(isSample ? ['--sample'] : ['--key', 'account.key']),
  ]
  return `enigma query ${quoteShell(dataset)} ${quoteShell(sql)} ${flags.join(' ')}`
}

function parameterFlag(parameter: ParameterValue): string {
  return parameter.type === 'null' ? 'null' : `${parameter.type}:${String(parameter.value)}`
}

function quoteSingle(text: string): string {
  return `'${text.replace(/[\\'\n\r]/g, (character) => `\\${character}`)}'`
}

function quoteTemplate(text: string): string {
  return `\`${text.replace(/\\|`|\$(?=\{)/g, (character) => `\\${character}`)}\``
}

/** For POSIX shells: nothing is special inside of single quotes but their end. */
export function quoteShell(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
