import { encodeAbiParameters, encodeFunctionData, HttpRequestError, RpcRequestError } from 'viem'
import { expect, test, vi } from 'vitest'
import { createChainReader } from './chain-reader.ts'
import { datasetReadAbi } from './generated/dataset-read.ts'
import { isOutage } from './log-range.ts'

const dataset = `0x${'ab'.repeat(32)}` as const
const address = `0x${'11'.repeat(20)}` as const

/** Answers by address; an Error is thrown. */
function fetchOf(answers: Record<string, Response | Error>) {
  return vi.fn<typeof fetch>((url) => {
    const answer = answers[url as string]
    return answer instanceof Response ? Promise.resolve(answer.clone()) : Promise.reject(answer ?? new Error('unknown'))
  })
}

const ok = (result: unknown) => Response.json({ jsonrpc: '2.0', id: 1, result })
const refused = (message: string, status = 200) =>
  Response.json({ jsonrpc: '2.0', id: 1, error: { code: -32_005, message } }, { status })

test('the first node that answers is believed, after those that fail or refuse', async () => {
  const fetch = fetchOf({ 'http://a/': new Error('down'), 'http://b/': refused('too many'), 'http://c/': ok('0x10') })
  const reader = createChainReader({ rpcUrls: ['http://a/', 'http://b/', 'http://c/'], fetch })
  expect(await reader.getBlockNumber()).toBe(16n)
  expect(fetch).toHaveBeenCalledTimes(3)
})

test('a contract is asked by its ABI', async () => {
  const [item] = datasetReadAbi
  const state = {
    ...{ curator: address, rate: 1n, trialSeconds: 2, configHash: dataset, deposit: 3n, closedAt: 0 },
    ...{ liveRate: 4n, subscribers: 5, churn: 6n, earned: 7n },
  }
  const fetch = fetchOf({ 'http://a/': ok(encodeAbiParameters(item.outputs, [state])) })
  const reader = createChainReader({ rpcUrls: ['http://a/'], fetch })
  const call = { abi: datasetReadAbi, functionName: 'datasetOf', args: [dataset] } as const
  expect(await reader.readContract({ ...call, address, blockNumber: 255n })).toEqual(state)
  expect(JSON.parse(fetch.mock.calls[0]?.[1]?.body as string)).toMatchObject({
    ...{ method: 'eth_call', params: [{ to: address, data: encodeFunctionData(call) }, '0xff'] },
  })
})

test('a refusal and an outage are told apart', async () => {
  const asked = async (answer: Response | Error): Promise<Error> => {
    const reader = createChainReader({ rpcUrls: ['http://a/'], fetch: fetchOf({ 'http://a/': answer }) })
    return reader.getBlockNumber().then(
      () => new Error('answered'),
      (error: unknown) => error as Error,
    )
  }
  const range = await asked(refused('range too wide', 400))
  expect(range).toBeInstanceOf(RpcRequestError)
  expect(isOutage(range)).toBe(false)
  for (const answer of [
    new Error('down'),
    new Response('busy', { status: 429 }),
    new Response('<html>'),
    Response.json(7),
  ]) {
    const error = await asked(answer)
    expect(error).toBeInstanceOf(HttpRequestError)
    expect(isOutage(error)).toBe(true)
  }
  expect(isOutage(await asked(new Response('gone', { status: 413 })))).toBe(false)
  expect(await asked(Response.json({ id: 1 }))).toBeInstanceOf(HttpRequestError)
})

test('what is asked in one turn goes in one request, and each call has its own answer', async () => {
  const answers = [
    { jsonrpc: '2.0', id: 2, error: { code: 3, message: 'reverted' } },
    { jsonrpc: '2.0', id: 1, result: '0x10' },
  ]
  const fetch = fetchOf({ 'http://a/': Response.json(answers) })
  const reader = createChainReader({ rpcUrls: ['http://a/'], fetch })
  const [block, refusal] = await Promise.allSettled([
    reader.getBlockNumber(),
    reader.request({ method: 'eth_chainId' }),
  ])
  expect(block).toMatchObject({ status: 'fulfilled', value: 16n })
  expect(refusal).toMatchObject({ status: 'rejected', reason: expect.any(RpcRequestError) as unknown })
  expect(fetch).toHaveBeenCalledTimes(1)
})

test('a node that takes no batches is asked call by call, and one that was away for a moment once more', async () => {
  const fetch = vi.fn<typeof globalThis.fetch>((_, init) => {
    if (fetch.mock.calls.length === 1) return Promise.reject(new Error('away'))
    const isBatch = (init?.body as string).startsWith('[')
    return Promise.resolve(isBatch ? refused('no batches', 400) : ok('0x10'))
  })
  const reader = createChainReader({ rpcUrls: ['http://a/'], fetch })
  expect(await Promise.all([reader.getBlockNumber(), reader.getBlockNumber()])).toEqual([16n, 16n])
  expect(fetch).toHaveBeenCalledTimes(4)
})
