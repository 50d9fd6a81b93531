/** The daemon's log: JSON lines on standard output; never SQL, rows or keys. */
import { MarketplaceError } from '@enigma/protocol'
import { pino } from 'pino'

/** Levels with facts first and words second. */
export type Log = Record<'debug' | 'info' | 'warn' | 'error', (facts: Record<string, unknown>, words: string) => void>

/** Creates the log. */
export function createLog({ level }: { level: string }): Log {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { error: describe } })
}

function describe(error: unknown): unknown {
  if (error instanceof MarketplaceError) {
    const { code, shortMessage: message, details, cause } = error
    return { code, message, details, ...(cause === undefined ? {} : { cause: describe(cause) }) }
  }
  return error instanceof Error ? { name: error.name, message: error.message, stack: error.stack } : String(error)
}
