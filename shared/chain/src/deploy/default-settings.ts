/** What a deployment chooses when nothing else is asked for (DESIGN §4). */
import { parseEther, type Hex } from 'viem'
import type { MarketplaceSettings } from '../read-settings.ts'

const secondsPerDay = 86_400

/** 5 % fee to `pool`, a reference price of 10 ENG for 30 days, a dispute window of 3 days, an hour's tip. */
export function defaultSettings({ pool }: { pool: Hex }): Omit<MarketplaceSettings, 'token'> {
  return {
    pool,
    minRate: 1n,
    referencePrice: parseEther('10'),
    feeBps: 500,
    disputeWindowSeconds: 3 * secondsPerDay,
    tipSeconds: 3600,
    tipWindowSeconds: 12 * 3600,
  }
}
