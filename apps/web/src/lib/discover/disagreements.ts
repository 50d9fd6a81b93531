/** What relays said that the chain does not bear out, in sentences. */
import { shorten } from '#lib/format/address.ts'
import { formatPlural } from '#lib/format/numbers.ts'

export type RelayDisagreement = {
  relay: string
  kind: 'unreachable' | 'order' | 'omitted' | 'false-entry'
  dataset?: string
}

const sentences: Record<RelayDisagreement['kind'], (relay: string, count: number) => string> = {
  unreachable: (relay) => `Relay ${relay} did not answer.`,
  order: (relay) => `Relay ${relay} gave another order than the chain’s values do. This list is in the chain’s order.`,
  omitted: (relay, count) => `Relay ${relay} left out ${formatPlural(count, 'dataset')} that another relay showed.`,
  'false-entry': (relay, count) =>
    `Relay ${relay} listed ${formatPlural(count, 'dataset')} that the chain does not bear out. Not shown here.`,
}

/** One sentence for each relay and kind. */
export function describeDisagreements(disagreements: readonly RelayDisagreement[]): string[] {
  const counts = new Map<string, { relay: string; kind: RelayDisagreement['kind']; count: number }>()
  for (const { relay, kind } of disagreements) {
    const known = counts.get(`${kind} ${relay}`)
    if (known === undefined) counts.set(`${kind} ${relay}`, { relay, kind, count: 1 })
    else known.count++
  }
  return [...counts.values()].map(({ relay, kind, count }) => sentences[kind](shorten(relay), count))
}

/** Whether a relay said something false, rather than nothing. */
export function isContradicted(disagreements: readonly RelayDisagreement[]): boolean {
  return disagreements.some(({ kind }) => kind !== 'unreachable')
}
