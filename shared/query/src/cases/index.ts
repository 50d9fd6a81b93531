export * from './attacks.ts'
export * from './determinism.ts'
export * from './legit.ts'
