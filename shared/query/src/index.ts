export * from './check-duckdb-query.ts'
export * from './check-template.ts'
export * from './sql-position.ts'
export { allowedFunctions } from './duckdb-dialect.ts'
