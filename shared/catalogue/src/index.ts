export * from './catalogue-entry.ts'
export * from './catalogue-index.ts'
export * from './missing-from.ts'
export * from './rank-order.ts'
