/** For the container alone: one JSON line in, one JSON line out. Sluse itself calls `handle` as it is. */
import { createInterface } from 'node:readline'
import handle from './handle.ts'

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await handle(JSON.parse(line)))}\n`)
}
