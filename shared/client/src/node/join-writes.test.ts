import { Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createNodeHost } from './fixtures/test-host.ts'

const protocol = '/test/echo/1.0.0'

test('what goes out together is one write to the socket', async () => {
  const [here, there] = [await createNodeHost(), await createNodeHost()]
  onTestFinished(async () => {
    await Promise.all([here.host.stop(), there.host.stop()])
  })
  const arrived = Promise.withResolvers<number>()
  let bytes = 0
  await there.host.handle(protocol, (stream) => {
    stream.addEventListener('message', ({ data }) => {
      bytes += data.byteLength
      if (bytes === 3000) arrived.resolve(bytes)
    })
  })
  const stream = await here.host.dialProtocol(there.host.getMultiaddrs(), protocol)
  const write = vi.spyOn(Socket.prototype, 'write')
  onTestFinished(() => write.mockRestore())
  // Long enough for noise to give it to its transport in pieces.
  stream.send(new Uint8Array(3000))
  expect(write).toHaveBeenCalledTimes(1)
  expect(await arrived.promise).toBe(3000)
})
