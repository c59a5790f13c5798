// @ts-check
/**
 * Runs one JavaScript or TypeScript module as a function, in a thread of this process: what the module writes to
 * standard output goes to the log, and never between the answers. Plain JavaScript, because Node.js 20 starts a
 * program from a file as it lies there.
 *
 * Arguments: the module (absolute), megabytes of memory. In and out: one line of JSON for each record.
 */
import { Worker } from 'node:worker_threads'

const [, , file, megabytes] = process.argv

const thread = new Worker(new URL('./module-thread.js', import.meta.url), {
  workerData: { file },
  argv: process.argv.slice(4),
  execArgv: ['--no-warnings', '--import', new URL('./type-stripping.js', import.meta.url).href],
  stdout: true,
  resourceLimits: { maxOldGenerationSizeMb: Number(megabytes) },
})

/** @param {number} code */
const end = (code) => {
  process.exitCode = code
  process.stdin.destroy()
}
thread.stdout.pipe(process.stderr, { end: false })
thread.on('message', (/** @type {string} */ text) => process.stdout.write(text))
thread.on('error', (/** @type {Error & { code?: string }} */ error) => {
  const memory = error?.code === 'ERR_WORKER_OUT_OF_MEMORY'
  console.error(memory ? 'The module needs more memory than it is allowed.' : (error?.stack ?? String(error)))
  end(1)
})
thread.on('exit', (code) => end(code))

let rest = ''
process.stdin.setEncoding('utf8')
process.stdin.on('data', (/** @type {string} */ chunk) => {
  const lines = (rest + chunk).split('\n')
  rest = lines.pop() ?? ''
  if (lines.length > 0) thread.postMessage(lines)
})
process.stdin.on('end', () => thread.postMessage(null))
