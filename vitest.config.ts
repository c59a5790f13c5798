import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['console/**/*.test.ts', 'src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    // Files share the processes that they run in, one after the other, so that a process loads the program once. What
    // a test changes of its process (environment, timers, output), it puts back.
    isolate: false,
    // Many tests wait for a server or a process rather than compute.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 60_000,
    // Real servers and processes on a small shared machine: one hiccup is not a failure, three are.
    retry: process.env.CI ? 2 : 0,
    hookTimeout: 60_000,
  },
})
