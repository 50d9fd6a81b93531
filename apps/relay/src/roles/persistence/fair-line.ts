/** Who waits for a turn: one line for each asker, served in turns, so that a long line of one delays nobody else. */
export type FairLine<Item> = {
  /** Items that wait, of all lanes. */
  readonly size: number
  /** Puts an item at the end of its lane; returns how to leave, which has no effect once it was taken. */
  push: (lane: string, item: Item) => () => void
  /** The first item of the lane whose turn it is among those that `mayGo`; undefined when there is none. */
  take: (mayGo: (lane: string) => boolean) => Item | undefined
  /** Whether any lane with items `mayGo`. */
  some: (mayGo: (lane: string) => boolean) => boolean
  /** Takes everything out. */
  clear: () => Item[]
}

/** Creates an empty line. */
export function createFairLine<Item>(): FairLine<Item> {
  // A lane that was served goes to the end: the map's order is the order of turns.
  const lanes = new Map<string, Item[]>()
  const drop = (lane: string, items: readonly Item[]) => {
    if (items.length === 0) lanes.delete(lane)
  }
  return {
    get size() {
      return [...lanes.values()].reduce((sum, { length }) => sum + length, 0)
    },
    push(lane, item) {
      const items = lanes.get(lane) ?? []
      items.push(item)
      lanes.set(lane, items)
      return () => {
        const at = items.indexOf(item)
        if (at < 0) return
        items.splice(at, 1)
        if (lanes.get(lane) === items) drop(lane, items)
      }
    },
    take(mayGo) {
      for (const [lane, items] of lanes) {
        if (!mayGo(lane)) continue
        const item = items.shift()
        lanes.delete(lane)
        if (items.length > 0) lanes.set(lane, items)
        return item
      }
      return undefined
    },
    some: (mayGo) => [...lanes.keys()].some(mayGo),
    clear() {
      const all = [...lanes.values()].flatMap((items) => items.splice(0))
      lanes.clear()
      return all
    },
  }
}
