/** Permanent dataset paths `<curator address>/<name>` (DESIGN §1). */
import { MarketplaceError } from './errors.ts'
import type { Hex } from './schemas.ts'

const namePattern = /^[a-z][a-z0-9_]{2,30}$/
const pathPattern = /^(0x[0-9a-fA-F]{40})\/([^/]+)$/

export type DatasetPath = { curator: Hex; name: string }

/** Whether `name` is 3 to 31 of `a-z 0-9 _`, first a letter. */
export function isDatasetName(name: string): boolean {
  return namePattern.test(name)
}

/** Parses `0x…/name`; throws `name-invalid`. The curator comes back in lower case. */
export function parseDatasetPath(path: string): DatasetPath {
  const [, curator, name] = pathPattern.exec(path) ?? []
  if (curator === undefined || name === undefined || !isDatasetName(name)) {
    throw new MarketplaceError({
      code: 'name-invalid',
      message: 'A dataset path is <curator address>/<name>, the name 3 to 31 of a-z, 0-9 and _, first a letter.',
      details: path.slice(0, 100),
    })
  }
  return { curator: curator.toLowerCase() as Hex, name }
}

/** Formats a path; the inverse of `parseDatasetPath`. */
export function formatDatasetPath({ curator, name }: DatasetPath): string {
  return `${curator.toLowerCase()}/${name}`
}
