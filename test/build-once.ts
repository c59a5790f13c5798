import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sharedFolder, stopShared } from './servers/postgres/shared.ts'

/**
 * Tests that start real processes run the built program: build it once, before any of them.
 * Type errors do not stop the tests of other rooms: `npm run typecheck` is what reports them.
 */
export default function buildOnce(): () => Promise<void> {
  const shared = mkdtempSync(join(tmpdir(), 'sluse-servers-'))
  process.env[sharedFolder] = shared
  if (!process.env.SLUSE_SKIP_BUILD) build()
  return () => stopShared(shared)
}

function build(): void {
  const build = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'])
  buildConsole()
  if (build.status !== 0) console.warn(`The build has errors:\n${build.stdout.toString().slice(0, 2000)}`)
}

/** Only where something of it is newer than what was built. */
function buildConsole(): void {
  const built = statSync('dist/console/index.html', { throwIfNoEntry: false })?.mtimeMs ?? 0
  const sources = ['console', 'src/jq'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(
      (file) => statSync(join(folder, file)).mtimeMs,
    ),
  )
  if (Math.max(...sources) < built) return
  const build = spawnSync(process.execPath, [
    'node_modules/vite/bin/vite.js',
    'build',
    'console',
    '--logLevel',
    'warn',
  ])
  if (build.status !== 0)
    console.warn(`The console was not built:\n${build.stderr.toString().slice(0, 2000)}`)
}
