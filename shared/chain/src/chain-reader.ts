/**
 * The chain as a page asks it that only looks datasets up: JSON-RPC over fetch (Ethereum JSON-RPC, EIP-1474). A page that
 * never sends a transaction loads a tenth of viem for it.
 */
import {
  type Abi,
  decodeFunctionResult,
  encodeFunctionData,
  type Hex,
  HttpRequestError,
  type PublicClient,
  RpcRequestError,
} from 'viem'

const timeoutMs = 5_000

/** A viem client with these actions; every `PublicClient` is one. */
export type ChainReader = Pick<PublicClient, 'getBlockNumber' | 'readContract' | 'request'>

export type CreateChainReaderParameters = {
  /** Each that fails or refuses gives way to the next. */
  rpcUrls: readonly string[]
  fetch?: typeof globalThis.fetch
}

type Request = { method: string; params?: unknown }
type ContractCall = { address: Hex; abi: Abi; functionName: string; args?: readonly unknown[]; blockNumber?: bigint }

/** Creates the reader; asks nobody. Its actions throw viem's `HttpRequestError` and `RpcRequestError`. */
export function createChainReader({ rpcUrls, fetch = globalThis.fetch }: CreateChainReaderParameters): ChainReader {
  const request = async (asked: Request): Promise<unknown> => {
    let failure: unknown = new TypeError('the network file names no RPC node')
    for (const url of rpcUrls) {
      try {
        return await post({ url, asked, fetch })
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }
  const reader = {
    request,
    getBlockNumber: async () => BigInt((await request({ method: 'eth_blockNumber' })) as Hex),
    async readContract({ address, blockNumber, ...call }: ContractCall) {
      const block = blockNumber === undefined ? 'latest' : `0x${blockNumber.toString(16)}`
      const data = await request({
        method: 'eth_call',
        params: [{ to: address, data: encodeFunctionData(call) }, block],
      })
      return decodeFunctionResult({ ...call, data: data as Hex })
    },
  }
  // Their types follow from each call's ABI and method, as viem's own do; at run time they take the same and give the same.
  return reader as unknown as ChainReader
}

type PostParameters = { url: string; asked: Request; fetch: typeof globalThis.fetch }
type Answer = { result?: unknown; error?: { code: number; message: string; data?: unknown } }

async function post({ url, asked, fetch }: PostParameters): Promise<unknown> {
  const body = { jsonrpc: '2.0', id: 1, ...asked }
  const answer = await fetchJson(url, body, fetch)
  if (answer.error !== undefined) throw new RpcRequestError({ body, error: answer.error, url })
  if (answer.result === undefined) throw new HttpRequestError({ body, url, details: 'no result' })
  return answer.result
}

async function fetchJson(url: string, body: Record<string, unknown>, fetch: typeof globalThis.fetch): Promise<Answer> {
  let status: number | undefined
  try {
    const headers = { 'content-type': 'application/json' }
    const signal = AbortSignal.timeout(timeoutMs)
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal })
    // What a proxy says of its upstream is no answer of the chain.
    if (!response.ok) status = response.status
    const answer: unknown = await response.json()
    if (typeof answer === 'object' && answer !== null && (response.ok || 'error' in answer)) return answer
    throw new TypeError('no JSON-RPC answer')
  } catch (cause) {
    const details = cause instanceof Error ? cause.message : String(cause)
    const known = status === undefined ? {} : { status }
    throw new HttpRequestError({ body, url, details, ...known, ...(cause instanceof Error ? { cause } : {}) })
  }
}
