/**
 * The memory that all engine processes of a node may take together. Who needs room takes it of processes that wait for a
 * question, the one that waits longest first: its database stays open and starts another process when it is asked.
 */
import { MarketplaceError } from '@enigma/protocol'

export type MemoryRoom = {
  /** Whether a process of so many bytes could start now. */
  hasRoom: (bytes: number) => boolean
  /** Takes room; throws `busy` where all of it is in use. */
  enter: (bytes: number) => RoomPlace
}

/** The place of one process. */
export type RoomPlace = {
  /** The process waits: `evict` ends it when its room is needed. */
  rest: (evict: () => void) => void
  /** It works again. */
  work: () => void
  /** Gives the room back, once the process is gone; more than once is no harm. */
  leave: () => void
}

type Place = { bytes: number; evict?: (() => void) | undefined }

/** Creates the room; one process always fits, however large it is. */
export function createMemoryRoom({ maxBytes }: { maxBytes: number }): MemoryRoom {
  /** Those that rest are in the order in which they began to. */
  const places = new Set<Place>()
  const bytesOf = (which: Iterable<Place>) => [...which].reduce((sum, { bytes }) => sum + bytes, 0)
  const working = () => [...places].filter(({ evict }) => evict === undefined)
  const fits = (taken: readonly Place[], bytes: number) => taken.length === 0 || bytesOf(taken) + bytes <= maxBytes
  const makeRoom = (bytes: number) => {
    for (const place of [...places]) {
      if (fits([...places], bytes)) return
      if (place.evict === undefined) continue
      places.delete(place)
      place.evict()
    }
  }
  return {
    hasRoom: (bytes) => fits(working(), bytes),
    enter(bytes) {
      if (!fits(working(), bytes)) throw full()
      makeRoom(bytes)
      const place: Place = { bytes }
      places.add(place)
      return {
        rest(evict) {
          if (!places.delete(place)) return
          place.evict = evict
          places.add(place)
        },
        work: () => (place.evict = undefined),
        leave: () => void places.delete(place),
      }
    },
  }
}

function full(): MarketplaceError {
  const message =
    'The database engines of this node have all the memory that it gives them in use; try again shortly, or ask another node.'
  return new MarketplaceError({ code: 'busy', message })
}
