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
/** Calls in one request: providers refuse larger ones. */
const mostAtOnce = 50

/** A viem client with these actions; every `PublicClient` is one. */
export type ChainReader = Pick<PublicClient, 'getBlockNumber' | 'readContract' | 'request'>

export type CreateChainReaderParameters = {
  /** Each that fails or refuses gives way to the next. */
  rpcUrls: readonly string[]
  fetch?: typeof globalThis.fetch
}

type Request = { method: string; params?: unknown }
/** A call whose caller waits. */
type Waiting = { asked: Request; resolve: (result: unknown) => void; reject: (error: Error) => void }
type ContractCall = { address: Hex; abi: Abi; functionName: string; args?: readonly unknown[]; blockNumber?: bigint }

/**
 * Creates the reader; asks nobody. What is asked in one turn goes in one request (JSON-RPC 2.0 §6). Its actions throw
 * viem's `HttpRequestError` and `RpcRequestError`.
 */
export function createChainReader({ rpcUrls, fetch = globalThis.fetch }: CreateChainReaderParameters): ChainReader {
  let waiting: Waiting[] = []
  const request = (asked: Request): Promise<unknown> => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    waiting.push({ asked, resolve, reject })
    if (waiting.length === 1) queueMicrotask(send)
    return promise
  }
  const send = (): void => {
    const all = waiting
    waiting = []
    for (let at = 0; at < all.length; at += mostAtOnce) {
      void askInTurn({ rpcUrls, fetch, calls: all.slice(at, at + mostAtOnce) })
    }
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

type AskParameters = { rpcUrls: readonly string[]; fetch: typeof globalThis.fetch; calls: readonly Waiting[] }

/** Asks one node after the other for what those before did not give, and once more those that gave no answer. Never throws. */
async function askInTurn({ rpcUrls, fetch, calls }: AskParameters): Promise<void> {
  let left = calls.map((call) => ({ ...call, failure: new TypeError('the network file names no RPC node') }))
  for (const [at, url] of [...rpcUrls, ...rpcUrls].entries()) {
    if (at === rpcUrls.length) left = left.filter(isUnanswered)
    if (left.length === 0) return
    const outcomes = await post({ url, fetch, asked: left.map(({ asked }) => asked) })
    left = left.flatMap((call, at) => {
      const outcome = outcomes[at]
      if (outcome instanceof Error) return [{ ...call, failure: outcome }]
      call.resolve(outcome?.result)
      return []
    })
  }
  for (const { reject, failure } of left) reject(failure)
}

/** A node that refuses would refuse again: its word ends the call. */
function isUnanswered({ reject, failure }: Waiting & { failure: Error }): boolean {
  if (failure instanceof HttpRequestError) return true
  reject(failure)
  return false
}

type PostParameters = { url: string; asked: readonly Request[]; fetch: typeof globalThis.fetch }
type Answer = { id?: unknown; result?: unknown; error?: { code: number; message: string; data?: unknown } }

/** What each call gave, or why it gave nothing. */
async function post({ url, asked, fetch }: PostParameters): Promise<({ result: unknown } | Error)[]> {
  const bodies = asked.map((each, at) => ({ jsonrpc: '2.0', id: at + 1, ...each }))
  const [only, ...others] = bodies
  const body = only !== undefined && others.length === 0 ? only : bodies
  try {
    const told = await fetchJson(url, body, fetch)
    // One that takes no batches is asked call by call.
    if (others.length > 0 && !Array.isArray(told)) {
      return (await Promise.all(asked.map((each) => post({ url, fetch, asked: [each] })))).flat()
    }
    const answers = new Map([told].flat().map((answer) => [others.length === 0 ? 1 : answer.id, answer]))
    return bodies.map((each) => readAnswer(answers.get(each.id), url, each))
  } catch (error) {
    if (error instanceof Error) return bodies.map(() => error)
    throw error
  }
}

function readAnswer(answer: Answer | undefined, url: string, body: { id: number }): { result: unknown } | Error {
  if (answer?.error !== undefined) return new RpcRequestError({ body, error: answer.error, url })
  if (answer?.result === undefined) return new HttpRequestError({ body, url, details: 'no result' })
  return { result: answer.result }
}

type Body = Record<string, unknown>

async function fetchJson(url: string, body: Body | Body[], fetch: typeof globalThis.fetch): Promise<Answer | Answer[]> {
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
