// @ts-check
/** The thread of `module-host.js`: gets lists of lines, gives text with a line for each. `null` ends it. */
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort)

const module = await import(pathToFileURL(workerData.file).href)
const handle = module.default ?? module.handle
if (typeof handle !== 'function')
  throw new Error('The module exports no function: neither `default` nor `handle`.')

const context = { runId: process.env.SLUSE_RUN_ID, traceparent: process.env.TRACEPARENT }

/** @type {(string[] | null)[]} */
const waiting = []
let busy = false
port.on('message', (/** @type {string[] | null} */ lines) => {
  waiting.push(lines)
  if (!busy) void work()
})

/** In order, one record at a time. */
async function work() {
  busy = true
  for (let lines = waiting.shift(); lines !== undefined; lines = waiting.shift()) {
    if (lines === null) return port.close()
    for (let at = 0; at < lines.length; at += 1) {
      const answer = answerTo(lines[at] ?? '')
      port.postMessage(typeof answer === 'string' ? answer : await answer)
    }
  }
  busy = false
}

/** @param {string} line @returns {string | Promise<string>} */
function answerTo(line) {
  try {
    const answer = handle(JSON.parse(line), context)
    return typeof answer?.then === 'function' ? answer.then(lineOf, failure) : lineOf(answer)
  } catch (error) {
    return failure(error)
  }
}

/** @param {unknown} answer */
function lineOf(answer) {
  const text = JSON.stringify(answer)
  if (text === undefined) return failure(new TypeError('The function returned nothing that is JSON.'))
  return `${text}\n`
}

/** What it throws is a failure on this record, not a refusal of it. @param {unknown} error */
function failure(error) {
  console.error(error)
  return `${JSON.stringify({
    error: {
      type: 'https://serverlessworkflow.io/spec/1.0.0/errors/runtime',
      status: 500,
      title: 'Runtime Error',
      detail: String(error),
    },
  })}\n`
}
