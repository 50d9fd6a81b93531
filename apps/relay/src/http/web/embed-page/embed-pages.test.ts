/** Frames and oEmbed of a relay over HTTP: what is shown, and that whatever an address says stays text. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { datasetIdOf, type Embed, type Grant, type Hex, parseDatasetPath } from '@enigma/protocol'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startWebServer, type WebServer } from '../start-web-server.ts'

const path = `0x${'11'.repeat(20)}/prices`
const integrity = `sha384-${'A'.repeat(64)}`
const hash = `0x${'22'.repeat(32)}` as const
const account = `0x${'33'.repeat(20)}` as const
const idOf = (digit: string) => `0x${digit.repeat(64)}` as const
const [open, minted, forOthers, unknown] = [idOf('a'), idOf('b'), idOf('c'), idOf('d')]
const network = {
  ...{ v: 1, name: 'test', chainId: 31337, token: account, marketplace: account, deploymentBlock: 0 },
  ...{ rpcUrls: ['http://127.0.0.1:8545'], relays: [], referencePriceWei: '1', confirmations: 0 },
}

function embedOf(id: Hex, changes: Partial<Grant>): Embed {
  const limits = { maxRows: 1, maxBytes: 1, perMinute: 1, perDay: 1, total: 1 }
  const grant: Grant = {
    ...{ root: account, delegateKey: '0x', profile: 'open', origin: '', nodes: [], id, revision: 1, epoch: 0 },
    ...{ permissions: [{ dataset: hash, abilities: 2, templatesRoot: hash }], validAfter: 0, validUntil: 9 },
    ...{ maxRequestSeconds: 60, maxChildren: 0, limits, parentGrantHash: hash, ...changes },
  }
  const templates = ['main', 'totals'].map((name) => ({ name, sql: 'SELECT 1', maxRows: 1, parameters: [] }))
  return { v: 1, dataset: path, grant: { grant, signature: '0x' }, templates }
}

const embeds = new Map<Hex, Embed>([
  [open, embedOf(open, {})],
  [minted, embedOf(minted, { profile: 'p256', delegateKey: `0x04${'44'.repeat(64)}` })],
  [forOthers, embedOf(forOthers, { origin: 'https://site.example' })],
])

describe('frames and oEmbed of a relay', () => {
  let directory: string
  let server: WebServer
  let nowMs = 0
  const start = (origin?: string) =>
    startWebServer({
      ...{ directory, host: '127.0.0.1', port: 0, origin, networkPath: join(directory, 'network.json') },
      page: () => ({ total: 0, entries: [] }),
      describe: (dataset) =>
        dataset === datasetIdOf(parseDatasetPath(path))
          ? { manifest: { title: `Prices <"&'>`, sample: [{ table: 'candles', rows: 10 }] } }
          : undefined,
      embedOf: (id) => embeds.get(id),
      nowMs: () => nowMs,
      onError: (error) => expect.fail(String(error)),
    })

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'enigma-embed-pages-'))
    for (const version of ['1.9.0', '1.10.0']) {
      await mkdir(join(directory, 'widget', version), { recursive: true })
      await writeFile(
        join(directory, 'widget', version, 'integrity.json'),
        JSON.stringify({ 'enigma-query.js': integrity }),
      )
    }
    await mkdir(join(directory, 'd/_'), { recursive: true })
    await writeFile(join(directory, 'd/_/_.html'), '<p>dataset</p>')
    await writeFile(join(directory, '200.html'), '<p>fallback</p>')
    await writeFile(join(directory, 'network.json'), JSON.stringify(network))
    server = await start()
  })
  beforeEach(() => {
    nowMs += 3_600_000
  })
  afterAll(async () => {
    await server.stop()
    await rm(directory, { recursive: true })
  })

  const get = async (to: string) => {
    const response = await fetch(`${server.url}${to}`)
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  const oembed = (url: string, more = '') => get(`/oembed?url=${encodeURIComponent(url)}${more}`)

  it('shows an embed by the newest widget and nothing else, in a sandbox that any site may frame', async () => {
    const { status, text, headers } = await get(
      `/e/${open}?template=totals&view=line&theme=dark&params=%7B%22a%22%3A1%7D`,
    )
    expect(status).toBe(200)
    expect(text).toContain(`src="/widget/1.10.0/enigma-query.js" integrity="${integrity}"`)
    expect(text).toContain(
      `<enigma-query loading="eager" dataset="${path}" grant="${open}" template="totals" params="{&quot;a&quot;:1}" view="line" theme="dark">`,
    )
    expect(text).toContain(`href="${server.url}/d/${path}"`)
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain(`default-src 'none'; script-src ${server.url} 'sha256-`)
    expect(policy).toContain('frame-ancestors *')
    expect(policy).toContain("require-trusted-types-for 'script'; trusted-types default; sandbox allow-scripts")
    expect(policy).not.toContain('allow-same-origin')
    expect(headers.get('cross-origin-opener-policy')).toBeNull()
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('lets no other page be framed', async () => {
    for (const other of ['/', '/e', '/d/x/y', '/oembed']) {
      expect((await get(other)).headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    }
  })

  it('shows the free sample of a dataset', async () => {
    const { status, text } = await get(`/e/d/${path}`)
    expect(status).toBe(200)
    expect(text).toContain('sql="SELECT * FROM &quot;candles&quot;"')
    expect(text).toContain('<title>Prices &lt;&quot;&amp;&#39;&gt;</title>')
  })

  it.each([
    [`/e/${unknown}`, 404],
    [`/e/${minted}`, 404],
    [`/e/${forOthers}`, 404],
    [`/e/${open}?template=others`, 404],
    [`/e/${open}?template=%22%3E`, 400],
    [`/e/${open}?view=pie`, 400],
    [`/e/${open}?onload=x`, 400],
    [`/e/${open}?view=line&view=bar`, 400],
    [`/e/${open}?params=[]`, 400],
    [`/e/${open}?params=${'a'.repeat(3000)}`, 400],
    [`/e/d/${path}?params={}`, 404],
    [`/e/d/0x${'55'.repeat(20)}/prices`, 404],
    ['/e/', 404],
    ['/e/../secret', 404],
  ])('%s is answered by %i', async (to, status) => {
    expect((await get(to)).status).toBe(status)
  })

  it('tells an editor of the frame, within its bounds', async () => {
    const { status, text, headers } = await oembed(`${server.url}/e/${open}?view=bar`, '&maxwidth=300&maxheight=9999')
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json'])
    const answer = JSON.parse(text) as Record<string, unknown>
    expect(answer).toMatchObject({ version: '1.0', type: 'rich', width: 300, height: 380, title: 'prices: main' })
    expect(answer['html']).toMatch(/^<iframe src="[^"<>]+" title="[^"<>]+" width="300" height="380" sandbox="[^"<>]+"/)
    expect(answer['html']).toContain(`src="${server.url}/e/${open}?view=bar"`)
  })

  it('tells of a dataset’s page, whose header and frame name where', async () => {
    const { text } = await oembed(`${server.url}/d/${path}?tab=health`)
    expect(JSON.parse(text)).toMatchObject({ width: 640, height: 380, title: `Prices <"&'>` })
    expect((JSON.parse(text) as { html: string }).html).toContain('title="Prices &lt;&quot;&amp;&#39;&gt;"')
    const link = (await get(`/d/${path}`)).headers.get('link') ?? ''
    const [, discovery = ''] = /<([^<>]+)>; rel="alternate"; type="application\/json\+oembed"/.exec(link) ?? []
    expect((await fetch(discovery)).status).toBe(200)
    const [, href = ''] =
      /type="application\/json\+oembed"[^>]* href="([^"]+)"/.exec((await get(`/e/${open}`)).text) ?? []
    expect((await fetch(href.replaceAll('&amp;', '&'))).status).toBe(200)
  })

  it.each([
    ['', 400],
    ['?url=nothing', 400],
    [`?url=${'a'.repeat(5000)}`, 400],
    [`?url=https%3A%2F%2Felsewhere.example%2Fe%2F${open}`, 404],
    [`?format=xml&url=HERE%2Fe%2F${open}`, 501],
    [`?url=HERE%2Fe%2F${open}&maxwidth=-1`, 400],
    [`?url=HERE%2Fe%2F${open}&maxwidth=1e9`, 400],
    [`?url=HERE%2Fe%2F${open}&maxheight=0`, 400],
    [`?url=HERE%2Fe%2F${minted}`, 404],
    [`?url=HERE%2Fe%2F${unknown}`, 404],
    ['?url=HERE%2Fpublish', 404],
    ['?url=javascript%3Aalert(1)', 404],
  ])('refuses /oembed%s with %i', async (query, status) => {
    expect((await get(`/oembed${query.replace('HERE', encodeURIComponent(server.url))}`)).status).toBe(status)
  })

  it('keeps whatever an address says inside of quotes', async () => {
    const hostile = fc.string({
      unit: fc.constantFrom('<', '>', '"', "'", '&', ';', '=', '/', '\\', '`', '{', '}', ':', ',', 'a', '\0', '\u202e'),
      maxLength: 60,
    })
    await fc.assert(
      fc.asyncProperty(
        hostile,
        hostile,
        fc.constantFrom('params', 'template', 'view', 'x'),
        async (value, key, name) => {
          nowMs += 3_600_000
          const text = name === 'params' ? JSON.stringify({ [key]: value }) : value
          const query = new URLSearchParams({ [name]: text })
          const page = await get(`/e/${open}?${query.toString()}`)
          if (page.status !== 200) return
          // Tags are those of the page itself, whatever the values hold.
          expect(page.text.match(/<[a-z]+/g)).toEqual((await get(`/e/${open}`)).text.match(/<[a-z]+/g))
          const { html } = JSON.parse((await oembed(`${server.url}/e/${open}?${query.toString()}`)).text) as {
            html: string
          }
          expect(html.match(/[<>]/g)).toHaveLength(4)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('names the origin that its operator named, whatever the asker says', async () => {
    const named = await start('https://relay.example')
    const ask = (url: string) => fetch(`${named.url}/oembed?url=${encodeURIComponent(url)}`)
    expect((await ask(`${named.url}/e/${open}`)).status).toBe(404)
    const { html } = (await (await ask(`https://relay.example/e/${open}`)).json()) as { html: string }
    expect(html).toContain(`src="https://relay.example/e/${open}"`)
    await named.stop()
  })

  it('answers one address at its rate', async () => {
    const statuses = await Promise.all(Array.from({ length: 60 }, async () => (await get(`/e/${open}`)).status))
    expect(statuses.filter((status) => status === 429)).toHaveLength(10)
  })
})
