import { CanonicalRowWriter, limits, type ResultColumn, type Value } from '@enigma/protocol'
import fc from 'fast-check'
import { bytesToHex, hexToBytes } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { fromBareHex } from './fixtures/bare-hex.ts'
import { sha256 } from './hash.ts'
import { createBlockHasher, hashLeaf, merkleRoot, snapshotRoot, tableRoot } from './merkle.ts'

/** The leaves and roots with which Certificate Transparency logs (RFC 6962) are tested. */
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
const columns: ResultColumn[] = [{ name: 'n', type: 'integer' }]

/** RFC 6962 §2.1 written bottom-up: pairs hash together, an odd one moves up. */
async function rootByLevels(hashes: readonly Uint8Array[]): Promise<string> {
  let level = hashes
  while (level.length > 1) {
    const next: Uint8Array[] = []
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = [level[at]!, level[at + 1]]
      next.push(right === undefined ? left : await sha256(Uint8Array.from([1, ...left, ...right])))
    }
    level = next
  }
  return bytesToHex(level[0] ?? (await sha256(new Uint8Array(0))))
}

describe('Merkle roots', () => {
  test.each(roots.map((root, at) => [at + 1, root] as const))('of %i leaves are RFC 6962', async (count, root) => {
    const hashes = await Promise.all(leaves.slice(0, count).map((leaf) => hashLeaf(fromBareHex(leaf))))
    expect(await merkleRoot(hashes)).toBe(`0x${root}`)
  })

  test('of no leaf is SHA-256 of nothing', async () => {
    expect(await merkleRoot([])).toBe('0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })

  test('of any number of leaves agree with the tree built by levels', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 70 }), async (list) => {
        const hashes = await Promise.all(list.map(hashLeaf))
        expect(await merkleRoot(hashes)).toBe(await rootByLevels(hashes))
      }),
      { numRuns: 50 },
    )
  })
})

describe('blocks', () => {
  test.each([0, 1, limits.blockRows - 1, limits.blockRows, limits.blockRows + 1, 2 * limits.blockRows])(
    'of %i rows have a leaf per 1,024 rows',
    async (count) => {
      const rows = Array.from({ length: count }, (_, at): Value[] => [at])
      const hasher = createBlockHasher(columns)
      for (const row of rows) hasher.addRow(row)
      const writer = new CanonicalRowWriter(columns)
      const hashes: Uint8Array[] = []
      for (let at = 0; at < count; at += limits.blockRows) {
        for (const row of rows.slice(at, at + limits.blockRows)) writer.write(row)
        hashes.push(await hashLeaf(writer.take()))
      }
      expect(await hasher.finish()).toEqual({ root: await rootByLevels(hashes), rows: count })
    },
  )
})

describe('roots of tables and snapshots', () => {
  const segment = (byte: string) => ({ root: bytesToHex(hexToBytes(`0x${byte}`, { size: 32 })) })
  const table = (name: string, root = segment('01').root, of = columns) => ({ name, columns: of, root })

  test('change with every segment and with their order', async () => {
    const list = [segment('01'), segment('02'), segment('03')]
    const variants = [list, list.toReversed(), list.slice(1), list.with(0, segment('04')), [...list, segment('03')]]
    expect(new Set(await Promise.all(variants.map(tableRoot))).size).toBe(variants.length)
  })

  test('change with name, columns and root of a table, not with the order of tables', async () => {
    const [a, b] = [table('a'), table('b')]
    const same = await snapshotRoot([a, b])
    expect(await snapshotRoot([b, a])).toBe(same)
    const renamed = [{ name: 'm', type: 'integer' } as const]
    const retyped = [{ name: 'n', type: 'bigint' } as const]
    const others = [
      [a],
      [a, table('c')],
      [a, table('b', segment('02').root)],
      [a, table('b', b.root, renamed)],
      [a, table('b', b.root, retyped)],
    ]
    expect(new Set([same, ...(await Promise.all(others.map(snapshotRoot)))]).size).toBe(others.length + 1)
  })
})
