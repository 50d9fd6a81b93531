import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PageRequest } from '@enigma/network'
import { datasetIdOf, parseDatasetPath } from '@enigma/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startWebServer, type WebServer } from './start-web-server.ts'

const network = {
  v: 1,
  name: 'test',
  chainId: 31337,
  token: `0x${'11'.repeat(20)}`,
  marketplace: `0x${'22'.repeat(20)}`,
  deploymentBlock: 0,
  rpcUrls: ['http://127.0.0.1:8545/path'],
  relays: [],
  referencePriceWei: '1',
  confirmations: 0,
  faucetUrl: 'http://127.0.0.1:9999',
}

const knownPath = `0x${'11'.repeat(20)}/prices`
const known = datasetIdOf(parseDatasetPath(knownPath))

describe('the web server of a relay', () => {
  let directory: string
  let server: WebServer
  let nowMs = 0
  const asked: PageRequest[] = []
  const errors: unknown[] = []
  const networkPath = () => join(directory, 'enigma-network.json')

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'enigma-web-'))
    await mkdir(join(directory, 'app/_app/immutable'), { recursive: true })
    await mkdir(join(directory, 'app/d/_'), { recursive: true })
    await writeFile(join(directory, 'app/200.html'), '<p>fallback</p>')
    await writeFile(join(directory, 'app/d/_/_.html'), '<p>dataset</p>')
    await writeFile(join(directory, 'app/index.html'), '<p>index</p>')
    await writeFile(join(directory, 'app/_app/immutable/a.js'), 'export {}')
    await mkdir(join(directory, 'app/widget/1.2.3'), { recursive: true })
    await writeFile(join(directory, 'app/widget/1.2.3/enigma-query.js'), 'export {}')
    await writeFile(join(directory, 'app/widget/1.2.3/frame.html'), '<p>frame</p>')
    await writeFile(join(directory, 'app/widget/latest.json'), '{"version":"1.2.3"}')
    await writeFile(networkPath(), JSON.stringify(network))
    await writeFile(join(directory, 'secret.key'), 'secret')
    server = await startWebServer({
      ...{ directory: join(directory, 'app'), host: '127.0.0.1', port: 0, networkPath: networkPath() },
      page: (pageRequest) => {
        asked.push(pageRequest)
        return { total: 0, entries: [] }
      },
      describe: (dataset) =>
        dataset === known ? { listing: { rate: 5n }, manifest: { title: 'Prices', sample: [] } } : undefined,
      embedOf: () => undefined,
      nowMs: () => nowMs,
      onError: (error) => errors.push(error),
    })
  })
  beforeEach(() => {
    nowMs += 3_600_000
    asked.length = 0
    errors.length = 0
  })
  afterAll(async () => {
    await server.stop()
    await rm(directory, { recursive: true })
  })

  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${server.url}${path}`, init)
    return { status: response.status, headers: response.headers, text: await response.text() }
  }

  it.each([
    ['/', '<p>index</p>'],
    ['/d/0xabc/prices', '<p>dataset</p>'],
    ['/d/0xabc/prices/?tab=health', '<p>dataset</p>'],
  ])('%s is a page', async (path, body) => {
    const { status, text, headers } = await get(path)
    expect([status, text]).toEqual([200, body])
    expect(headers.get('cache-control')).toBe('no-cache')
  })

  it('has the browser ask at once for what the page of a dataset asks first', async () => {
    const { headers } = await get('/d/0xAbc/prices%22%3E')
    const first = '/dataset.json?path=0xabc%2Fprices%2522%253e'
    expect(headers.get('link')).toBe(`<${first}>; rel=preload; as=fetch; crossorigin=anonymous`)
    const console = await get('/console?dataset=0xAbc/prices%22%3E')
    expect(console.headers.get('link')).toBe(headers.get('link')?.replace('%2522%253e', '%22%3E'))
    for (const path of ['/', '/console', `/console?dataset=${'x'.repeat(200)}`]) {
      expect((await get(path)).headers.get('link')).toBeNull()
    }
  })

  it('says by its status that there is no such page, and shows the app all the same', async () => {
    const { status, text, headers } = await get('/no-such-page')
    expect([status, text]).toEqual([404, '<p>fallback</p>'])
    expect(headers.get('content-type')).toContain('text/html')
    expect((await get('/d/0xabc')).status).toBe(404)
    expect((await get('/no-such-page', { method: 'HEAD' })).status).toBe(404)
  })

  it('says which origins a page may connect to, and that none may frame it', async () => {
    const { headers } = await get('/')
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("connect-src 'self' http://127.0.0.1:8545 http://127.0.0.1:9999 ws: wss:;")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  })

  it('keeps hashed files for ever, and no missing one', async () => {
    expect((await get('/_app/immutable/a.js')).headers.get('cache-control')).toContain('immutable')
    expect((await get('/_app/immutable/gone.js')).status).toBe(404)
  })

  it('lets pages of other origins load the widget, for ever, and the network file, as it is', async () => {
    const script = await get('/widget/1.2.3/enigma-query.js')
    expect([script.status, script.text]).toEqual([200, 'export {}'])
    const file = await get('/enigma-network.json')
    for (const { headers } of [script, file]) {
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
    expect(script.headers.get('content-type')).toContain('javascript')
    expect(script.headers.get('cache-control')).toContain('immutable')
    expect(file.headers.get('cache-control')).toBe('no-cache')
    expect((await get('/widget/1.2.3/gone.js')).status).toBe(404)
  })

  it('tells which widget is the newest, never from a cache', async () => {
    const { headers, text } = await get('/widget/latest.json')
    expect(JSON.parse(text)).toEqual({ version: '1.2.3' })
    expect([headers.get('cache-control'), headers.get('access-control-allow-origin')]).toEqual(['no-cache', '*'])
  })

  it('lets any page hold the widget’s frame, sandboxed by its own answer, and nothing else', async () => {
    const { text, headers } = await get('/widget/1.2.3/frame.html')
    const policy = headers.get('content-security-policy') ?? ''
    expect([text, headers.get('cache-control')]).toEqual(['<p>frame</p>', 'no-cache'])
    expect(policy).toContain('frame-ancestors *;')
    expect(policy).toContain("default-src 'none'; script-src 'self'; connect-src 'self' http://127.0.0.1:8545 ")
    expect(policy).toContain("require-trusted-types-for 'script'; trusted-types 'none'; sandbox allow-scripts ")
    expect(policy).not.toMatch(/allow-(?:forms|modals|top-navigation|downloads)|unsafe|blob:|data:/)
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  })

  it.each([
    ...['/', '/d/0xabc/prices', '/widget/1.2.3/frame', '/widget/1.2.3/frame.html/', '/frame.html', '/200/frame.html'],
    ...[
      '/widget/../frame.html',
      '/widget/%2e%2e/frame.html',
      '/widget/..%2f..%2f1.2.3/frame.html',
      '/widget/frame.html',
    ],
    ...['/widget/1.2.3/%66rame.html', '/widget/1.2.3/enigma-query.js', '/widget/1.2.3//frame.html', '/no-such-page'],
  ])('forbids to frame %s', async (path) => {
    expect((await get(path)).headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  })

  it.each(['/', '/_app/immutable/a.js', '/catalogue.json', '/widget', '/widgets/a', '/enigma-network.json.js'])(
    'keeps %s to its own origin',
    async (path) => {
      const { headers } = await get(path)
      expect(headers.get('access-control-allow-origin')).toBeNull()
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    },
  )

  it.each(['/../secret.key', '/..%2fsecret.key', '/%2e%2e/secret.key', '/_app/../../secret.key', '/%00', '/%ff'])(
    'gives nothing out of its folder for %s',
    async (path) => {
      const { port } = new URL(server.url)
      const { promise, resolve, reject } = Promise.withResolvers<string>()
      const sent = request({ host: '127.0.0.1', port, path }, (response) => {
        let text = ''
        response.on('data', (chunk) => (text += String(chunk)))
        response.on('end', () => resolve(text))
      })
      sent.on('error', reject)
      sent.end()
      expect(await promise).not.toContain('secret')
    },
  )

  it('gives the network file as it is now', async () => {
    await writeFile(networkPath(), JSON.stringify({ ...network, name: 'changed' }))
    expect(JSON.parse((await get('/enigma-network.json')).text)).toMatchObject({ name: 'changed' })
  })

  it('answers 500 and says why to the operator while the network file is broken, and works again', async () => {
    await writeFile(networkPath(), '{')
    expect((await get('/')).status).toBe(500)
    expect(errors).toEqual([expect.objectContaining({ code: 'setting-invalid' })])
    await writeFile(networkPath(), JSON.stringify(network))
    expect((await get('/')).status).toBe(200)
  })

  it('asks the catalogue what the query string says', async () => {
    const { status, text } = await get('/catalogue.json?text=flights&tag=usa&sort=price&offset=20&limit=10')
    expect([status, JSON.parse(text)]).toEqual([200, { total: 0, entries: [] }])
    expect(asked).toMatchObject([{ text: 'flights', tags: ['usa'], sort: 'price', offset: 20, limit: 10 }])
  })

  it.each(['limit=0', 'limit=1000000', 'offset=-1', 'offset=x', 'sort=mine', `text=${'a'.repeat(201)}`])(
    'refuses a page of %s',
    async (query) => {
      expect((await get(`/catalogue.json?${query}`)).status).toBe(400)
      expect(asked).toEqual([])
    },
  )

  it('gives a dataset that it knows', async () => {
    const { status, text } = await get(`/dataset.json?path=${knownPath}`)
    expect([status, JSON.parse(text)]).toEqual([
      200,
      { listing: { rate: '5' }, manifest: { title: 'Prices', sample: [] } },
    ])
  })

  it.each([
    ['', 400],
    ['path=', 400],
    ['path=prices', 400],
    [`path=${'a'.repeat(10_000)}`, 400],
    [`path=0x${'11'.repeat(20)}/__proto__`, 400],
    [`path=0x${'11'.repeat(20)}/others`, 404],
  ])('refuses a dataset of "%s" with %i', async (query, status) => {
    expect((await get(`/dataset.json?${query}`)).status).toBe(status)
  })

  it('bounds pages by address', async () => {
    const statuses = await Promise.all(Array.from({ length: 60 }, async () => (await get('/catalogue.json')).status))
    expect(statuses.filter((status) => status === 200)).toHaveLength(50)
    expect(statuses.filter((status) => status === 429)).toHaveLength(10)
    nowMs += 1000
    expect((await get('/catalogue.json')).status).toBe(200)
  })

  it('takes GET and HEAD only', async () => {
    expect((await get('/', { method: 'POST', body: 'x' })).status).toBe(405)
    expect((await get('/', { method: 'HEAD' })).status).toBe(200)
  })

  it('does not start on a folder without an app', async () => {
    const starting = startWebServer({
      ...{ directory, host: '127.0.0.1', port: 0, networkPath: networkPath() },
      page: () => expect.fail(),
      describe: () => expect.fail(),
      embedOf: () => expect.fail(),
      nowMs: () => 0,
      onError: () => undefined,
    })
    await expect(starting).rejects.toMatchObject({ code: 'setting-invalid' })
  })
})
