/** What both ends of a windowed transfer know (DESIGN §9). */

/** What a frame costs of the window beside its body: length and tag, rounded up. */
export const frameOverheadBytes = 8
/** Signs of life and the end are sent without credit. */
export const freeBytes = 4096

/** Bytes in flight of a windowed transfer, for tests and metrics. */
export type TransferObserver = {
  /** A frame was handed to the transport. */
  onSent?: ((bytes: number) => void) | undefined
  /** Bytes that arrived on the stream and were not yet consumed, at each frame. */
  onBuffered?: ((bytes: number) => void) | undefined
}
