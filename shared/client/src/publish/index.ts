/** Publishing from where the client runs, such as a page: loaded apart, since few visits need it. */
export * from './create-publishing.ts'
export { type AcceptingNode, type AcceptingNodes } from './find-accepting-nodes.ts'
export { describeSnapshot, signSnapshot, type SnapshotContents } from './sign-snapshot.ts'
export { type ServedBytes } from './serve-snapshot.ts'
export { type PublishedHere } from './read-published.ts'
