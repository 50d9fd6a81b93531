export * from './anvil.ts'
export * from './marketplace.ts'
