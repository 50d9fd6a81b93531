import { relative } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Tests that start whole networks come first, so that none of them ends long after all others. */
const longest = ['demo/test/', 'apps/relay/test/e2e/', 'apps/relay/src/roles/worker/run-script', 'apps/relay/test/']

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification) => {
      const path = relative(import.meta.dirname, moduleId)
      const place = longest.findIndex((start) => path.startsWith(start))
      return place === -1 ? longest.length : place
    }
    return (await super.sort(files)).toSorted((a, b) => placeOf(a) - placeOf(b))
  }
}

// The test projects. `apps/web` builds with its own vite.config.ts; contracts are tested by forge.
export default defineConfig({
  test: {
    // One more than the cores of a small machine: network tests mostly wait.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
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
        },
      },
      'apps/web/vite.config.ts',
    ],
  },
})
