/** The module that a page's decoding worker imports: `import '@enigma/client/decode-worker'` is all that it needs. */
import { webPrimitives } from '@enigma/crypto'
import { createDecoder } from './decode/decode-answer.ts'
import { type BeginMessage, ready } from './decode/decode-messages.ts'
import { serveDecoder } from './decode/serve-decoder.ts'
import { inflateByStream } from './query/decode-batch.ts'

const decode = createDecoder({ primitives: webPrimitives, inflate: inflateByStream, nowMs: () => performance.now() })

self.addEventListener('message', ({ data }: MessageEvent<BeginMessage>) => void serveDecoder(decode, data))
self.postMessage(ready)
