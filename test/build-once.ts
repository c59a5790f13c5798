import { spawnSync } from 'node:child_process'

/**
 * Tests that start real processes run the built program: build it once, before any of them.
 * Type errors do not stop the tests of other rooms: `npm run typecheck` is what reports them.
 */
export default function buildOnce(): void {
  if (process.env.SLUSE_SKIP_BUILD) return
  const build = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'])
  if (build.status !== 0) console.warn(`The build has errors:\n${build.stdout.toString().slice(0, 2000)}`)
}
