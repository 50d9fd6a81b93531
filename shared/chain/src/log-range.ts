/** Logs of a range of blocks as a node gives them, and what its refusals mean. */
import { BaseError, formatLog, HttpRequestError, numberToHex, type Hex, type Log, type LogTopic } from 'viem'
import type { ReadParameters } from './types.ts'

const tooManyRequests = 429

/** Whose logs are asked for; of several contracts in one request, so that they are of one chain. */
export type LogSource = Pick<ReadParameters, 'publicClient'> & { addresses: readonly Hex[] }

export type LogRange = {
  fromBlock: number
  toBlock: number | 'latest'
  /** As `eth_getLogs` takes them. */
  topics?: LogTopic[] | undefined
}

/** One request for logs; returns the error where the node refuses, so that the caller may ask for less. */
export async function tryReadLogs(source: LogSource, { fromBlock, toBlock, topics }: LogRange): Promise<Log[] | Error> {
  try {
    return await requestLogs(source, {
      fromBlock: numberToHex(fromBlock),
      toBlock: toBlock === 'latest' ? toBlock : numberToHex(toBlock),
      ...(topics === undefined ? {} : { topics }),
    })
  } catch (error) {
    return error instanceof Error ? error : new Error('The node refused a range of logs.', { cause: error })
  }
}

/** Which blocks and topics, as `eth_getLogs` takes them. */
export type LogFilter = { topics?: LogTopic[] } & (
  | { fromBlock: Hex; toBlock: Hex | 'latest'; blockHash?: never }
  | { blockHash: Hex; fromBlock?: never; toBlock?: never }
)

/** The contracts' logs; throws what the node says. */
export async function requestLogs({ publicClient, addresses }: LogSource, filter: LogFilter): Promise<Log[]> {
  const [only, ...others] = addresses
  const address = others.length === 0 ? only : [...addresses]
  const logs = await publicClient.request({ method: 'eth_getLogs', params: [{ address, ...filter }] })
  return logs.map((log) => formatLog(log)).filter((log) => addresses.some((each) => isSame(each, log.address)))
}

function isSame(a: Hex, b: Hex): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** No answer at all, or none to anything for now, as opposed to a refusal of this request. */
export function isOutage(error: Error): boolean {
  if (!(error instanceof BaseError)) return true
  const failed = error.walk((cause) => cause instanceof HttpRequestError)
  return failed instanceof HttpRequestError && (failed.status === undefined || failed.status === tooManyRequests)
}
