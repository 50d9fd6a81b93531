import { defineConfig } from 'vitest/config'

// The test projects. `apps/web` builds with its own vite.config.ts; contracts are tested by forge.
export default defineConfig({
  test: {
    // One more than the cores of a small machine: network tests mostly wait.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: 'shared',
          include: ['shared/*/src/**/*.test.ts'],
          exclude: ['shared/*/src/node/**'],
          environment: 'node',
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'relay',
          include: [
            'apps/relay/src/**/*.test.ts',
            'demo/src/**/*.test.ts',
            'shared/*/src/node/**/*.test.ts',
            'scripts/**/*.test.ts',
            'bench/src/**/*.test.ts',
          ],
          environment: 'node',
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'network',
          include: ['apps/relay/test/**/*.test.ts', 'demo/test/**/*.test.ts'],
          environment: 'node',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      'apps/web/vite.config.ts',
    ],
  },
})
