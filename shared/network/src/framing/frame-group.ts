/** Frames that come, or go, together: a small answer is one group. */

/** `isLast`: none follow. A group may be empty. */
export type FrameGroup = { frames: readonly Uint8Array[]; isLast: boolean }

/** Each frame as a group of its own, sent as it comes. */
export async function* groupsOf(frames: AsyncIterable<Uint8Array>): AsyncGenerator<FrameGroup, void, undefined> {
  for await (const frame of frames) yield { frames: [frame], isLast: false }
}

/** The frames of all groups. */
export async function* framesOfGroups(groups: AsyncIterable<FrameGroup>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const { frames } of groups) yield* frames
}
