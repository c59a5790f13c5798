import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sharedFolder, stopShared } from './servers/postgres/shared.ts'

/**
 * Tests that start real processes run the built program: build it once, before any of them, where something of it is
 * newer than what was built. Types are not looked at here: `npm run typecheck` is what does that.
 */
export default function buildOnce(): () => Promise<void> {
  const shared = mkdtempSync(join(tmpdir(), 'sluse-servers-'))
  process.env[sharedFolder] = shared
  if (!process.env.SLUSE_SKIP_BUILD) build()
  return () => stopShared(shared)
}

function build(): void {
  if (newest(['src']) > timeOf('dist/.tsbuildinfo')) {
    const quick = ['-p', 'tsconfig.build.json', '--noCheck', '--declaration', 'false']
    node('The program', 'node_modules/typescript/bin/tsc', quick)
    node('The program', 'scripts/bundle.mjs', [])
  }
  if (newest(['console', 'src/jq']) > timeOf('dist/console/index.html'))
    node('The console', 'node_modules/vite/bin/vite.js', ['build', 'console', '--logLevel', 'warn'])
}

function newest(folders: readonly string[]): number {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  )
  return Math.max(...files.map(timeOf))
}

function timeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function node(what: string, program: string, given: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...given], { encoding: 'utf8' })
  if (status !== 0) console.warn(`${what} was not built:\n${(stdout + stderr).slice(0, 2000)}`)
}
