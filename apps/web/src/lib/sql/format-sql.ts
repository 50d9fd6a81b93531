/** Lays SQL out; loaded when it is first asked for. */
import { duckdb, formatDialect } from 'sql-formatter'

/** The statement with keywords in capitals and a line for each clause; throws when it cannot be read. */
export function formatSql(sql: string): string {
  return formatDialect(sql, {
    dialect: duckdb,
    keywordCase: 'upper',
    functionCase: 'lower',
    tabWidth: 2,
    expressionWidth: 80,
    paramTypes: { numbered: ['$'] },
  })
}
