/** Opens an engine on a folder, in a process of its own, and prints what that took: `{ ms, megabytes }`. */
import { performance } from 'node:perf_hooks'
import { openDatabase } from '../src/database/index.ts'
import { openEmbeddedEngine } from '../src/engines/index.ts'

const began = performance.now()
const database = await openDatabase({ folder: process.argv[2] ?? '' })
const engine = await openEmbeddedEngine({ database, activities: async () => null })
const ms = performance.now() - began
console.log(JSON.stringify({ ms, megabytes: process.memoryUsage().rss / 1e6 }))
await engine.close()
await database.close()
