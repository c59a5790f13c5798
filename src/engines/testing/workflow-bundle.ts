import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'

const sources = ['src/errors.ts', 'src/engines', 'src/history', 'src/jq', 'src/workflow']

/** What runs in Temporal's sandbox, bundled from the sources; again only where one of them has changed. */
export function workflowBundle(): string {
  const hash = createHash('sha256')
  for (const file of sources.flatMap(filesOf)) hash.update(file).update(readFileSync(file))
  const file = join('.cache', `workflow-bundle-${hash.digest('hex').slice(0, 16)}.js`)
  if (!existsSync(file)) {
    mkdirSync('.cache', { recursive: true })
    const made = `${file}.${process.pid}`
    const script = ['scripts/bundle-workflows.mjs', 'src/engines/temporal/sandbox/workflows.ts', made]
    const { status, stderr } = spawnSync(process.execPath, script)
    if (status !== 0) throw new Error(`The workflows cannot be bundled: ${stderr.toString()}`)
    renameSync(made, file)
  }
  return readFileSync(file, 'utf8')
}

function filesOf(path: string): string[] {
  if (path.endsWith('.ts')) return [path]
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort()
  return names.filter((name) => /(?<!\.test)\.ts$/.test(name)).map((name) => join(path, name))
}
