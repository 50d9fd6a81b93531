export * from './check-duckdb-query.ts'
