/** A transport that is loaded when it is first dialled by. */
import type { Transport } from '@libp2p/interface'
import { kindOfAddress } from '../addresses.ts'
import { orAborted } from '../or-aborted.ts'
import type { TransportKind } from '../types.ts'

/** Dials addresses of one kind; a load that failed is tried again by the next dial. */
export function lazyTransport(
  kind: TransportKind,
  load: () => Promise<Pick<Transport, 'dial'>>,
): Pick<Transport, 'dial' | 'dialFilter'> {
  let loaded: Promise<Pick<Transport, 'dial'>> | undefined
  return {
    dialFilter: (addresses) => addresses.filter((address) => kindOfAddress(address) === kind),
    async dial(address, options) {
      loaded ??= load().catch((error: unknown) => {
        loaded = undefined
        throw error
      })
      return (await orAborted(loaded, options.signal)).dial(address, options)
    },
  }
}
