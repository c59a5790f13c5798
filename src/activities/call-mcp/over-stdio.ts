import { setTimeout as delay } from 'node:timers/promises'
import { fault, isObject, type Json, type JsonObject, type WorkflowFault } from '../../workflow/index.ts'
import type { ActivityContext, ActivityOptions } from '../activity.ts'
import { textOf } from '../input.ts'
import { isResponse, requestMessage, resultOf } from '../json-rpc.ts'
import {
  asText,
  findCommand,
  processLimits,
  readEnvironment,
  searchPath,
  startProcess,
  watchMemory,
} from '../../processes/index.ts'
import { maxAnswerBytes, replyTo, type Session } from './session.ts'

/** How long a server may take to end once its input has ended. */
const partingMs = 2000

/** The transport "stdio": the server is a process of ours, a message is a line of its input or output. */
export async function overStdio(
  given: JsonObject,
  context: ActivityContext,
  options: ActivityOptions,
  what: string,
  mask: (text: string) => string,
): Promise<Session> {
  const settings = options.processes ?? {}
  const limits = processLimits(settings)
  const declared = isObject(given['environment']) ? readEnvironment(given['environment']) : {}
  const args = Array.isArray(given['arguments']) ? given['arguments'] : []
  const command = textOf(given, 'command')
  const path = declared['PATH'] ?? searchPath(settings)
  const file = await findCommand(command, path)
  if (!file) {
    throw fault(
      'configuration',
      `${what}: there is no command ${JSON.stringify(command)} in ${path}: install it, or give its PATH in \`environment\`.`,
    )
  }
  context.signal.throwIfAborted()
  const started = await startProcess({
    command: file,
    prepare: () => args.map(asText),
    environment: { SLUSE_IDEMPOTENCY_KEY: context.idempotencyKey, ...declared },
    stdin: 'open',
    settings,
  })

  let said = ''
  started.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-4096)))
  let failure: WorkflowFault | undefined
  const waiting = new Map<
    number,
    { resolve: (message: JsonObject) => void; reject: (error: unknown) => void }
  >()
  const fail = (error: WorkflowFault) => {
    failure ??= error
    for (const { reject } of waiting.values()) reject(failure)
    waiting.clear()
  }
  const write = (message: JsonObject) => started.stdin?.write(`${JSON.stringify(message)}\n`)
  const unwatch = watchMemory(started.pid, limits.memoryBytes, () =>
    fail(
      fault(
        'runtime',
        `${what}: the server held more than the ${limits.memoryBytes} bytes of memory allowed.`,
      ),
    ),
  )
  onLines(started.stdout, (line) => {
    if (line === undefined)
      return fail(fault('runtime', `${what}: a line of the server is longer than ${maxAnswerBytes} bytes.`))
    for (const message of parsed(line)) {
      for (const [id, { resolve }] of waiting) {
        if (!isResponse(message, id)) continue
        waiting.delete(id)
        resolve(message)
      }
      const reply = replyTo(message)
      if (reply) write(reply)
    }
  })
  const over = Promise.all([started.exited, new Promise((resolve) => started.stderr.on('close', resolve))])
  void over.then(([code]) => {
    const excerpt = mask(said).trim().slice(-1000)
    fail(
      fault('communication', `the server ended with exit code ${code}${excerpt ? `: ${excerpt}` : '.'}`, {
        exitCode: code,
        cause: 'SLUSE_PROCESS_ENDED',
      }),
    )
  })
  const onAbort = () => fail(fault('runtime', `${what}: cancelled.`))
  context.signal.addEventListener('abort', onAbort)
  let ids = 0

  return {
    async request(method, params) {
      const id = (ids += 1)
      const response = await new Promise<JsonObject>((resolve, reject) => {
        if (failure) return reject(failure)
        waiting.set(id, { resolve, reject })
        write(requestMessage(id, method, params))
      })
      return resultOf(response, what, mask)
    },
    async notify(method) {
      write({ jsonrpc: '2.0', method })
    },
    agreed() {},
    async close() {
      context.signal.removeEventListener('abort', onAbort)
      unwatch()
      // "Shutdown" of the protocol: first its input ends, then it is asked, then killed.
      started.stdin?.end()
      if (!context.signal.aborted)
        await Promise.race([started.exited, delay(partingMs, undefined, { ref: false })])
      await started.end(limits.graceMs)
      started.stdout.destroy()
      started.stderr.destroy()
    },
  }
}

/** Lines as they come; `undefined` where one is too long to be read. */
function onLines(stream: NodeJS.ReadableStream, take: (line: string | undefined) => void): void {
  let chunks: Buffer[] = []
  let size = 0
  stream.on('data', (chunk: Buffer) => {
    let from = 0
    for (let at; (at = chunk.indexOf(10, from)) !== -1; from = at + 1) {
      take(Buffer.concat([...chunks, chunk.subarray(from, at)]).toString('utf8'))
      chunks = []
      size = 0
    }
    const rest = chunk.subarray(from)
    size += rest.length
    if (size > maxAnswerBytes) {
      chunks = []
      size = 0
      return take(undefined)
    }
    chunks.push(rest)
  })
}

/** Some servers print what is no message; it is passed over, as the protocol has no better word for it. */
function parsed(line: string): readonly Json[] {
  try {
    const value = JSON.parse(line) as Json
    return Array.isArray(value) ? value : [value]
  } catch {
    return []
  }
}
