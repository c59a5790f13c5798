import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'

const byThemselves = [
  // Carries out tests of other files a second time, on another engine: they must not be the same modules as there.
  'test/cluster/temporal.test.ts',
  // Replaying, Temporal's library hooks into all promises of the process, and stays there: ten times as slow.
  'test/histories/histories.test.ts',
  // Each connection of that library leaves an AsyncLocalStorage in use, and Node.js 20 hands every one of them on with
  // every promise of the process. This opens hundreds: fifty times as slow for whoever comes after it.
  'src/engines/temporal/temporal.test.ts',
]

export default defineConfig({
  test: {
    globalSetup: ['test/build-once.ts'],
    // Many tests wait for a server or a process rather than compute.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 60_000,
    // Real servers and processes on a small shared machine: one hiccup is not a failure, three are.
    retry: process.env.CI ? 2 : 0,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['console/**/*.test.ts', 'src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...byThemselves],
          // Files share the processes that they run in, one after the other, so that a process loads the program once.
          // What a test changes of its process (environment, timers, output), it puts back.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'by themselves', include: byThemselves, isolate: true } },
    ],
  },
})
