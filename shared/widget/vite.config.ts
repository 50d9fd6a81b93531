/**
 * Three builds: `parts`, the code that is loaded later, `loader`, which holds the hashes of its files, and `frame`, the
 * relay's own page of `mode="frame"`.
 */
import { join } from 'node:path'
import { defineConfig } from 'vite'

const source = (path: string) => join(import.meta.dirname, 'src', path)

const inputs = {
  parts: {
    core: source('core.ts'),
    framed: source('framed/attach-frame.ts'),
    files: source('files.ts'),
    parquet: source('parquet.ts'),
    webrtc: '@enigma/client/webrtc-direct',
  },
  loader: { 'enigma-query': source('loader.ts') },
  frame: { frame: source('framed/frame-page.ts') },
}
type Mode = keyof typeof inputs

const chainPackages = /\/node_modules\/(?:viem|valibot|cborg|abitype)\//
const laterPackages = /\/node_modules\/(?:@libp2p\/webrtc|@uwdata\/flechette|hyparquet|hyparquet-writer)\//
const ownPackages = /\/shared\/(?:protocol|chain|crypto|network)\/src\//
/** Evaluated first and alone: they begin the work of the others. */
const beginnings = /\/client\/src\/(?:visitor|webrtc-direct|host\/host-identity)\.ts$/

/** Few files, for each costs the loader a hash; more than one, so that no single task evaluates all. */
const groups = [
  {
    name: 'peers',
    test: (id: string) =>
      id.includes('/node_modules/') && ![chainPackages, laterPackages].some((other) => other.test(id)),
  },
  { name: 'chain', test: (id: string) => chainPackages.test(id) || ownPackages.test(id) },
  // Of every way to begin: one file in place of two little ones.
  { name: 'words', test: (id: string) => /core\/(?:access|page-turn)\.ts$|rolldown.runtime/.test(id) },
  { name: 'client', test: (id: string) => id.includes('/shared/client/src/') && !beginnings.test(id) },
]

export default defineConfig(({ mode }) => ({
  root: import.meta.dirname,
  base: './',
  publicDir: false,
  // Given by scripts/build-widget.mjs: files and their hashes.
  define: mode === 'loader' ? { WIDGET_PARTS: process.env['WIDGET_PARTS'] ?? '{}' } : {},
  build: {
    target: 'es2023',
    emptyOutDir: mode === 'parts',
    modulePreload: false,
    manifest: mode !== 'loader',
    rolldownOptions: {
      input: inputs[mode as Mode],
      preserveEntrySignatures: 'strict',
      output: {
        format: 'es',
        entryFileNames: mode === 'loader' ? '[name].js' : '[name]-[hash].js',
        chunkFileNames: '[name]-[hash].js',
        ...(mode === 'loader' ? {} : { codeSplitting: { groups } }),
      },
    },
  },
}))
