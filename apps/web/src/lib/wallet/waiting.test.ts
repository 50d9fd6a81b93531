import { expect, test } from 'vitest'
import { createWaiting } from './waiting.ts'

test('an answer is given, and a refusal thrown', async () => {
  await expect(createWaiting().until(Promise.resolve('signed'))).resolves.toBe('signed')
  await expect(createWaiting().until(Promise.reject(new Error('refused')))).rejects.toThrow('refused')
})

test.each([
  ['resolves', (late: PromiseWithResolvers<string>) => late.resolve('signed')],
  ['rejects', (late: PromiseWithResolvers<string>) => late.reject(new Error('refused'))],
])('what is waited for no longer throws, and what %s later is dropped', async (_, come) => {
  const late = Promise.withResolvers<string>()
  const waiting = createWaiting()
  const awaited = waiting.until(late.promise)
  waiting.stop()
  await expect(awaited).rejects.toMatchObject({
    code: 'aborted',
    shortMessage: expect.stringContaining('no longer') as string,
  })
  come(late)
  await Promise.allSettled([late.promise])
})
