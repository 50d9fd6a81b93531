/** What stands at each hop of a query, and what it learns there. */
export type HopRole = 'client' | 'relay' | 'node'
export type PathKind = 'blind' | 'direct'

/** The hop's name for people. */
export const hopNames: Readonly<Record<HopRole, string>> = {
  client: 'This browser',
  relay: 'A relay, none of the dataset’s own',
  node: 'A node of the dataset',
}

/** What a hop learns on a path. */
export function learntAt(role: HopRole, path: PathKind): string {
  if (role === 'client') return 'Everything: it asks, and it alone decrypts the rows.'
  if (role === 'relay') return 'Your network address, the dataset, times and padded sizes. No SQL, no rows.'
  return path === 'blind'
    ? 'Your account and the SQL. Not your network address.'
    : 'Your account, the SQL and your network address. Faster.'
}
