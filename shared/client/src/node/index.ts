export * from '../index.ts'
export * from './create-node-client.ts'
export * from './inflate.ts'
