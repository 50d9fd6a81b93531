import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import adapter from '@sveltejs/adapter-static'
import { sveltekit } from '@sveltejs/kit/vite'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vitest/config'

/** Hashes of the inline scripts of `app.html`: the only ones beside the framework's own that a page may run. */
function templateScriptHashes(): `sha256-${string}`[] {
  const html = readFileSync(join(import.meta.dirname, 'src/app.html'), 'utf8')
  return [...html.matchAll(/<script>([^]*?)<\/script>/g)].map(
    ([, text = '']) => `sha256-${createHash('sha256').update(text).digest('base64')}` as const,
  )
}

/** The one style attribute in the site: SvelteKit's hidden announcer of navigations. */
const announcerStyleHash = 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='

/**
 * Parts that many pages need lie in one file: split as finely as pages use them, a first visit would wait for the
 * round trips of 50 small files. The framework's own runtime stays apart: in one file with others it takes an unknown
 * path for one that it has left already, and loads the page again without end.
 */
const chunkGroups = [
  {
    name: 'site',
    minShareCount: 6,
    test: /apps.web.src.lib|node_modules.(svelte|@lucide|clsx|devalue)|kit.src.(utils|exports|messages)/,
  },
  { name: 'rows', minShareCount: 4, test: /shared.result.src|apps.web.src.lib.(result|export)/ },
]

export default defineConfig({
  root: import.meta.dirname,
  plugins: [
    tailwindcss(),
    sveltekit({
      adapter: adapter({ fallback: '200.html', precompress: true }),
      // The page of datasets is served at other paths than its own.
      paths: { relative: false },
      // No part of the build: whoever serves the site puts the network file and the catalogue beside the pages.
      prerender: {
        handleHttpError({ path, message }) {
          if (path !== '/enigma-network.json' && path !== '/catalogue.json') throw new Error(message)
        },
      },
      csp: {
        mode: 'hash',
        directives: {
          'default-src': ['none'],
          'script-src': ['self', ...templateScriptHashes()],
          'style-src': ['self', 'unsafe-hashes', announcerStyleHash],
          'img-src': ['self', 'data:'],
          'font-src': ['self'],
          'worker-src': ['self'],
          'manifest-src': ['self'],
          'connect-src': ['self', 'http:', 'https:', 'ws:', 'wss:'],
          'base-uri': ['none'],
          'form-action': ['none'],
          'require-trusted-types-for': ['script'],
          'trusted-types': ['svelte-trusted-html', 'sveltekit-trusted-url', 'enigma-worker'],
        },
      },
    }),
  ],
  build: {
    target: 'es2023',
    rolldownOptions: {
      // These compile WebAssembly when they are loaded, which the policy forbids; the parts of them that are used do not.
      treeshake: { moduleSideEffects: [{ test: /hyparquet-compressors|hysnappy/, sideEffects: false }] },
    },
  },
  environments: { client: { build: { rolldownOptions: { output: { codeSplitting: { groups: chunkGroups } } } } } },
  worker: { format: 'es' },
  test: { name: 'web', include: ['src/**/*.test.ts'], environment: 'node', testTimeout: 30_000 },
})
