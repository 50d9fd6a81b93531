import adapter from '@sveltejs/adapter-static'
import { sveltekit } from '@sveltejs/kit/vite'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [sveltekit({ adapter: adapter({ fallback: '404.html' }) })],
  test: { name: 'web', include: ['src/**/*.test.ts'], environment: 'node', passWithNoTests: true },
})
