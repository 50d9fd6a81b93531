export * from './anvil.ts'
export * from './marketplace.ts'
export * from './packed-packages.ts'
export * from './readme-examples.ts'
