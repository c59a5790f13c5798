/** A worker of bench/shared.ts, in a process of its own, until its parent lets go of it: `<JSON of a job>`. */
import { openOne, type Job } from './shared-parts.ts'

const { close } = await openOne(JSON.parse(process.argv[2] ?? '') as Job)
process.send?.('ready')
process.once('disconnect', () => void close().then(() => process.exit()))
