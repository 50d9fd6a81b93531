export * from './check-duckdb-query.ts'
export * from './sql-position.ts'
