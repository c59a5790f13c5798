import { execFileSync } from 'node:child_process'

/** Tests that start real processes run the built program: build it once, before any of them. */
export default function buildOnce(): void {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  })
}
