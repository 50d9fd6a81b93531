/** A lease on one snapshot of a dataset: it stays open until `release`, whatever is swapped in meanwhile. */
import type { Hex, SignedHead } from '@enigma/protocol'
import type { EngineDatabase } from './engine/engine.ts'

export type OpenedSnapshot = {
  readonly head: SignedHead
  readonly manifestHash: Hex
  readonly engineId: string
  readonly timeoutMs: number
  readonly stream: EngineDatabase['stream']
  readonly release: () => void
}
