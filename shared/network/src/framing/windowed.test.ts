import { uint32be } from '@enigma/protocol'
import { expect, test } from 'vitest'
import { type FrameGroup, framesOfGroups, groupsOf } from './frame-group.ts'
import type { Frame, FramedStream } from './framed-stream.ts'
import { messageFrame } from './message.ts'
import { networkLimits } from '../network-limits.ts'
import { receiveWindowed } from './receive-windowed.ts'
import { sendWindowed } from './send-windowed.ts'

/** A peer that answers each read with what `next` gives, and takes all that is written. */
function createChannel(next: () => Frame | Promise<Frame>) {
  const lost = new AbortController()
  const state = { written: 0, isAborted: false }
  const channel: FramedStream = {
    async read() {
      const parts = await next()
      return Uint8Array.from(parts.flatMap((part) => [...part]))
    },
    write(frames) {
      state.written += frames.length
      return Promise.resolve()
    },
    close: () => Promise.resolve(),
    finish: () => Promise.resolve(),
    abort() {
      state.isAborted = true
    },
    take: () => undefined,
    bufferedBytes: 0,
    isWritable: true,
    isIdle: true,
    lost: lost.signal,
  }
  return { channel, state }
}

async function collect(groups: AsyncIterable<FrameGroup>): Promise<number> {
  let count = 0
  for await (const frame of framesOfGroups(groups)) count += frame.length
  return count
}

test('a sender that only says that it is alive is given up', async () => {
  let now = 0
  const { channel, state } = createChannel(() => {
    if (now > 600_000) expect.fail('It is read for ever.')
    now += 4000
    return messageFrame('alive')
  })
  const frames = receiveWindowed({ channel, maxFrameBytes: 100, maxQuietMs: 30_000, nowMs: () => now })
  await expect(collect(frames)).rejects.toMatchObject({ code: 'timeout' })
  expect(now).toBeLessThanOrEqual(36_000)
  expect(state.isAborted).toBe(true)
})

test('one that sends byte by byte is given up at the end of the whole time', async () => {
  let now = 0
  const { channel } = createChannel(() => {
    if (now > 3_600_000) expect.fail('It is read for ever.')
    now += 4000
    return messageFrame('data', Uint8Array.of(1))
  })
  const times = { maxQuietMs: 30_000, maxTotalMs: 300_000, nowMs: () => now }
  const frames = receiveWindowed({ channel, maxFrameBytes: 100, ...times })
  await expect(collect(frames)).rejects.toMatchObject({ code: 'timeout' })
  expect(now).toBeLessThanOrEqual(304_000)
})

test('a reader that gives credit byte by byte does not hold the sender', async () => {
  const frameBytes = 128 * 1024
  const frames = Math.ceil(networkLimits.windowBytes / frameBytes) + 1
  let credits = 0
  const { channel, state } = createChannel(async () => {
    if (++credits > 2000) expect.fail('It is waited for for ever.')
    await Promise.resolve()
    return messageFrame('credit', uint32be(state.written < 3 ? 0 : 1))
  })
  const source = async function* () {
    await Promise.resolve()
    for (let index = 0; index < frames; index++) yield new Uint8Array(frameBytes)
  }
  const { signal } = new AbortController()
  const sent = sendWindowed({ channel, groups: groupsOf(source()), signal, stallTimeoutMs: 1000, nowMs: () => credits })
  await expect(sent).rejects.toMatchObject({ code: 'timeout' })
})
