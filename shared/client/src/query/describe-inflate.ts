/** What every way to inflate the batches of hostile nodes must do. */
import { limits } from '@enigma/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inflateBatch, type InflateRaw } from './decode-batch.ts'

const invalid = { code: 'answer-invalid' }

async function deflated(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/** Runs the suite over one inflater. */
export function describeInflate(name: string, inflate: InflateRaw): void {
  const open = (arrow: Uint8Array, inflatedBytes: number) => inflateBatch({ arrow, inflatedBytes }, inflate)

  describe(`inflation by ${name}`, () => {
    test.each([5000, 100_000])('gives back exactly what was deflated, up to %i bytes', async (maxLength) => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength, size: 'max' }), async (bytes) => {
          expect(await open(await deflated(bytes), bytes.length)).toEqual(bytes)
        }),
        { numRuns: 20 },
      )
    })

    test.each([1000, 100_000])('stops a bomb at the %i bytes that it claims', async (claimed) => {
      const bomb = await deflated(new Uint8Array(16 * 1024 * 1024))
      expect(bomb.length).toBeLessThan(100_000)
      await expect(open(bomb, claimed)).rejects.toMatchObject(invalid)
    })

    test('refuses a claim above the limit before it allocates', async () => {
      await expect(open(await deflated(new Uint8Array(10)), limits.batchBytes + 1)).rejects.toMatchObject(invalid)
    })

    test.each([1000, 50_000])(
      'refuses any other length than the claimed %i, cut and longer streams',
      async (length) => {
        const random = Uint8Array.from({ length }, (_, at) => (at * 2_654_435_761) >>> 24)
        const arrow = await deflated(random)
        for (const claimed of [0, length - 1, length + 1])
          await expect(open(arrow, claimed)).rejects.toMatchObject(invalid)
        await expect(open(arrow.slice(0, -3), length)).rejects.toMatchObject(invalid)
        await expect(open(new Uint8Array([...arrow, 1, 2, 3]), length)).rejects.toMatchObject(invalid)
      },
    )

    test('refuses garbage and nothing', async () => {
      for (const arrow of [new Uint8Array(0), new Uint8Array([0xff, 0xff, 0xff]), new TextEncoder().encode('<html>')]) {
        for (const claimed of [0, 10]) await expect(open(arrow, claimed)).rejects.toMatchObject(invalid)
      }
    })

    test('takes a raw batch as it is, of its own length alone', async () => {
      const arrow = Uint8Array.of(1, 2, 3)
      expect(await inflateBatch({ arrow, inflatedBytes: 3, encoding: 'raw' }, inflate)).toEqual(arrow)
      for (const inflatedBytes of [0, 2, 4]) {
        const batch = { arrow, inflatedBytes, encoding: 'raw' } as const
        await expect(inflateBatch(batch, inflate)).rejects.toMatchObject(invalid)
      }
    })
  })
}
