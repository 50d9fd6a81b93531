import type { QueryRun } from '@enigma/client/visitor'
import { expect, test, vi } from 'vitest'
import { ask, type AskingClient } from './ask.ts'

const run = {} as QueryRun
const signal = new AbortController().signal
const onProgress = () => undefined
const grant = `0x${'cd'.repeat(32)}` as const

test('a sample is asked with its limit, a grant without SQL and with where the page stands', async () => {
  vi.stubGlobal('location', { origin: 'https://blog.example' })
  const client = { sample: vi.fn(() => run), embed: vi.fn(() => Promise.resolve(run)) }
  const sample = { kind: 'sample', dataset: 'd', sql: 's', parameters: [], limit: 7 } as const
  expect(await ask({ source: sample, client, signal, onProgress })).toBe(run)
  expect(client.sample).toHaveBeenCalledWith({ dataset: 'd', sql: 's', parameters: [], maxRows: 7, signal, onProgress })
  const granted = { kind: 'grant', grant, template: 't', parameters: { a: 1 } } as const
  expect(await ask({ source: granted, client, signal, onProgress })).toBe(run)
  const origin = 'https://blog.example'
  expect(client.embed).toHaveBeenCalledWith({ grant, template: 't', parameters: { a: 1 }, origin, signal, onProgress })
})

test('a client that knows no grants says so', async () => {
  const client: AskingClient = { sample: () => run }
  const source = { kind: 'grant', grant, parameters: {} } as const
  await expect(ask({ source, client, signal, onProgress })).rejects.toMatchObject({
    code: 'setting-invalid',
    message: expect.stringContaining('embed') as string,
  })
})
