import { describe, expect, it } from 'vitest'
import { policySnippet, readLatest, type SnippetParameters, tagSnippet } from './snippet.ts'

const integrity = `sha384-${'A'.repeat(64)}`
const base: SnippetParameters = {
  ...{ origin: 'https://relay.example', loader: { version: '1.2.3', integrity, anchor: 'sha256-abc=' } },
  ...{ dataset: `0x${'11'.repeat(20)}/zipcodes`, grant: `0x${'22'.repeat(32)}`, title: 'Open zipcodes' },
  ...{ view: 'table', theme: 'auto', template: undefined, parameters: {} },
}

describe('the tag', () => {
  it('pins the loader by its hash, and has words for readers without scripts', () => {
    expect(tagSnippet(base)).toBe(
      `<script
  type="module"
  src="https://relay.example/widget/1.2.3/enigma-query.js"
  integrity="${integrity}"
  crossorigin="anonymous"
></script>
<enigma-query dataset="${base.dataset}" grant="${base.grant}" view="table" anchor="sha256-abc=">
  <p><a href="https://relay.example/d/${base.dataset}">Open zipcodes</a></p>
</enigma-query>`,
    )
  })

  it('names values, theme and template where they differ from what is usual', () => {
    const text = tagSnippet({ ...base, parameters: { least: 40, city: 'X' }, theme: 'dark', template: 'main' })
    expect(text).toContain('params="{&quot;least&quot;:40,&quot;city&quot;:&quot;X&quot;}"')
    expect(text).toContain('theme="dark"')
    expect(text).toContain('template="main"')
  })

  it.each([`"><script>alert(1)</script>`, `' onload='x`, '&quot;><img src=x>', '</enigma-query>'])(
    'keeps %s inside of its quotes',
    (hostile) => {
      const text = tagSnippet({ ...base, parameters: { city: hostile }, title: hostile })
      expect(text.match(/</g)).toHaveLength(tagSnippet(base).match(/</g)?.length ?? 0)
      const params = /params="([^"]*)"/.exec(text)?.[1] ?? ''
      const plain = params
        .replaceAll('&quot;', '"')
        .replaceAll('&#39;', "'")
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&amp;', '&')
      expect(JSON.parse(plain)).toEqual({ city: hostile })
    },
  )
})

describe('the policy', () => {
  it('names the relay, the chain and the sockets of relays, each once', () => {
    const relays = [
      '/dns4/relay.example/tcp/443/wss/p2p/x',
      '/dns4/two.example/tcp/444/tls/ws/p2p/x',
      '/ip4/127.0.0.1/tcp/4001/ws/p2p/x',
      '/ip6/::1/tcp/4001/ws/p2p/x',
      '/ip4/127.0.0.1/udp/4001/webrtc-direct/certhash/u/p2p/x',
      '/ip4/127.0.0.1/tcp/4001/p2p/x',
      'nonsense',
    ]
    const rpcUrls = ['https://rpc.example/key', 'https://rpc.example/other']
    expect(policySnippet({ origin: 'https://relay.example', rpcUrls, relays })).toBe(
      `script-src https://relay.example;
connect-src https://relay.example https://rpc.example wss://relay.example:443 wss://two.example:444 ws://127.0.0.1:4001 ws://[::1]:4001;`,
    )
  })
})

describe('the newest loader', () => {
  it('is taken where it is one', () => {
    expect(readLatest({ version: '1.2.3', integrity, later: 1 })).toEqual({ version: '1.2.3', integrity })
  })

  it.each([
    ...[undefined, null, 'text', 7, [], {}, { version: '1.2.3' }, { integrity }, { version: 1, integrity }],
    ...['', '1.2', '../1.2.3', '1.2.3"', '1.2.3\n', '1.2.3-x/y'].map((version) => ({ version, integrity })),
    ...[7, 'sha384-x" onload="y', `${integrity}"`].map((wrong) => ({ version: '1.2.3', integrity: wrong })),
  ])('is none in %j', (latest) => {
    expect(readLatest(latest)).toBeUndefined()
  })
})
