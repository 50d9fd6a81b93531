/** Opens a DuckDB file so that nothing but its tables can be read: the guard's second layer (research: 124 statements). */
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import type { EngineTable } from '../engine.ts'
import type { OpenRequest } from './engine-messages.ts'

export type OpenedDatabase = {
  /** Where queries run. */
  connection: DuckDBConnection
  /** An empty database of its own, where statements are parsed. */
  parser: DuckDBConnection
  tables: ReadonlySet<string>
  /** Tables with floating-point columns. */
  inexactTables: ReadonlySet<string>
}

const hardened = {
  enable_external_access: 'false',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
  allow_persistent_secrets: 'false',
  max_expression_depth: '250',
} as const

/** Opens the database and the parser; the configuration is locked before the first query. */
export async function openReadOnly({
  databasePath,
  tables,
  memoryBytes,
  threads,
}: OpenRequest): Promise<OpenedDatabase> {
  const instance = await DuckDBInstance.create(databasePath, {
    ...hardened,
    access_mode: 'READ_ONLY',
    memory_limit: `${Math.floor(memoryBytes / 1024 ** 2)}MiB`,
    threads: String(threads),
    max_temp_directory_size: '0B',
  })
  const connection = await instance.connect()
  const parser = await (
    await DuckDBInstance.create(':memory:', { ...hardened, threads: '1', memory_limit: '64MiB' })
  ).connect()
  for (const each of [connection, parser]) {
    await each.run("SET TimeZone = 'UTC'")
    await each.run('SET errors_as_json = true')
    await each.run("SET disabled_filesystems = 'LocalFileSystem'")
    await each.run('SET lock_configuration = true')
  }
  return {
    connection,
    parser,
    tables: new Set(tables.map(({ name }) => name)),
    inexactTables: new Set(tables.filter(isInexact).map(({ name }) => name)),
  }
}

function isInexact({ columns }: EngineTable): boolean {
  return columns.some(({ type }) => type === 'double')
}
