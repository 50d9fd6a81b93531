// Writes shared/chain/src/generated from the contracts: each contract's ABI `as const` and its creation bytecode; and of
// one ABI the few items alone that every page loads.
// `node scripts/generate-abi.mjs` writes; with `--check` it only compares and exits 1 when a file differs.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const root = join(import.meta.dirname, '..')
const contracts = join(root, 'contracts')
const target = join(root, 'shared/chain/src/generated')
const outputs = [
  { contract: 'EngToken', file: 'eng-token.ts', name: 'engToken' },
  { contract: 'Marketplace', file: 'marketplace.ts', name: 'marketplace' },
  { contract: 'GrantRegistry', file: 'grant-registry.ts', name: 'grantRegistry' },
  {
    ...{ contract: 'Marketplace', file: 'dataset-read.ts', name: 'datasetRead' },
    only: ['datasetOf', 'DatasetRegistered', 'DatasetUpdated'],
  },
]

/** Compiles into a directory of its own, so that no stale artefact and no other build can be mistaken for the result. */
function build(directory) {
  const bins = [join(contracts, 'bin'), join(contracts, 'node_modules/.bin'), join(root, 'node_modules/.bin')]
  const { status, stderr, stdout, error } = spawnSync(
    'forge',
    ['build', '--skip', 'test', '--out', join(directory, 'out'), '--cache-path', join(directory, 'cache')],
    {
      cwd: contracts,
      encoding: 'utf8',
      env: { ...process.env, PATH: [...bins, process.env.PATH].join(delimiter) },
    },
  )
  if (status !== 0) throw new Error(`forge build failed: ${error?.message ?? `${stdout}${stderr}`}`)
}

/** `internalType` names Solidity types that nobody reads here; without it the client's bundle is smaller. */
function withoutInternalTypes(value) {
  if (Array.isArray(value)) return value.map(withoutInternalTypes)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([key]) => key !== 'internalType')
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutInternalTypes(inner)]))
}

function render(directory, { contract, name, only }) {
  const artefact = JSON.parse(readFileSync(join(directory, 'out', `${contract}.sol`, `${contract}.json`), 'utf8'))
  const items = artefact.abi.filter((item) => only === undefined || only.includes(item.name))
  const abi = items.map((item) => `  ${JSON.stringify(withoutInternalTypes(item))},`).join('\n')
  if (only !== undefined) {
    return `/** Of ${contract}'s ABI: ${only.join(', ')}; made from contracts/src by scripts/generate-abi.mjs. Do not edit. */

export const ${name}Abi = [
${abi}
] as const
`
  }
  return `/** ${contract}'s ABI and creation bytecode, made from contracts/src by scripts/generate-abi.mjs. Do not edit. */

export const ${name}Abi = [
${abi}
] as const

export const ${name}Bytecode =
  '${artefact.bytecode.object}'
`
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

const directory = mkdtempSync(join(tmpdir(), 'enigma-abi-'))
try {
  build(directory)
  for (const output of outputs) {
    const path = join(target, output.file)
    const text = render(directory, output)
    const isSame = readIfThere(path) === text
    if (process.argv.includes('--check')) {
      console.log(`${output.file}: ${isSame ? 'matches the contracts' : 'differs from the contracts'}`)
      if (!isSame) process.exitCode = 1
    } else {
      if (!isSame) writeFileSync(path, text)
      console.log(`${output.file}: ${isSame ? 'unchanged' : 'written'}`)
    }
  }
  if (process.exitCode === 1) console.error('Run `node scripts/generate-abi.mjs` and commit what it writes.')
} finally {
  rmSync(directory, { recursive: true, force: true })
}
