import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['console/**/*.test.ts', 'src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    testTimeout: 60_000,
    // Real servers and processes on a small shared machine: one hiccup is not a failure, three are.
    retry: process.env.CI ? 2 : 0,
    hookTimeout: 60_000,
  },
})
