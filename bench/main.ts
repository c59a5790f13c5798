/**
 * `npm run bench [name …]`: measures what we claim, each beside a floor or a peer measured in the same run.
 * A benchmark is a file here that exports `run()`; it prints its own figures.
 */
import { availableParallelism, cpus } from 'node:os'

const benchmarks: Record<string, () => Promise<{ run: () => Promise<void> }>> = {
  jq: () => import('./jq.ts'),
  database: () => import('./database.ts'),
  engine: () => import('./engine.ts'),
  resilience: () => import('./resilience.ts'),
  outage: () => import('./outage.ts'),
  functions: () => import('./functions.ts'),
  transfer: () => import('./transfer.ts'),
  shared: () => import('./shared.ts'),
  copy: () => import('./copy.ts'),
  temporal: () => import('./temporal.ts'),
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in benchmarks))
if (unknown.length > 0) {
  console.error(`No benchmark named ${unknown.join(', ')}. There are: ${Object.keys(benchmarks).join(', ')}.`)
  process.exit(2)
}

console.log(`Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}`)
for (const name of asked.length > 0 ? asked : Object.keys(benchmarks)) {
  console.log(`\n## ${name}\n`)
  const benchmark = await benchmarks[name]?.()
  await benchmark?.run()
}
