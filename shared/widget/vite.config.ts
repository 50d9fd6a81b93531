/** Two builds: `parts`, the code that is loaded later, then `loader`, which holds the hashes of its files. */
import { join } from 'node:path'
import { defineConfig } from 'vite'

const source = (path: string) => join(import.meta.dirname, 'src', path)

const inputs = {
  parts: {
    core: source('core.ts'),
    files: source('files.ts'),
    webrtc: '@enigma/client/webrtc-direct',
  },
  loader: { 'enigma-query': source('loader.ts') },
}

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
    manifest: mode === 'parts',
    rolldownOptions: {
      input: mode === 'loader' ? inputs.loader : inputs.parts,
      preserveEntrySignatures: 'strict',
      output: {
        format: 'es',
        entryFileNames: mode === 'loader' ? '[name].js' : '[name]-[hash].js',
        chunkFileNames: '[name]-[hash].js',
      },
    },
  },
}))
