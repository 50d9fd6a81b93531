/** The loader where there is no DOM, and what the manifest for editors says of it. */
import { expect, test, vi } from 'vitest'
import manifest from '../custom-elements.json' with { type: 'json' }
import { observedAttributes } from './attributes.ts'

vi.stubGlobal('WIDGET_PARTS', { core: [], framed: [], webrtc: [], files: [], parquet: [] })

test('it can be imported on a server', async () => {
  expect(globalThis.HTMLElement).toBeUndefined()
  const { EnigmaQuery } = await import('./loader.ts')
  expect(EnigmaQuery.observedAttributes).toContain('sql')
})

test('the manifest names every attribute', () => {
  const [module] = manifest.modules
  const [declaration] = module?.declarations ?? []
  const named = declaration?.attributes.map(({ name }) => name) ?? []
  expect(named.toSorted()).toEqual([...observedAttributes, 'state'].toSorted())
})
