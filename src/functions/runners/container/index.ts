/**
 * `run: container` with the protocol `ndjson`: an image whose program reads lines of JSON and writes as many. One
 * container works on a batch of up to `window` records; `pool` of them may do so at once.
 */
import { maskFor } from '../../../http/index.ts'
import {
  fault,
  isObject,
  problem as standard,
  problemOf,
  type Json,
  type JsonObject,
} from '../../../workflow/index.ts'
import { answerOf, failed, type Answer } from '../../answers.ts'
import type { Contract } from '../../contract.ts'
import { traceIdOf, traceparentOf } from '../../trace.ts'
import { declaredOf } from '../lines/index.ts'
import type { RunContext, RunnerHost, RunnerKind } from '../runner.ts'

export const containerKind: RunnerKind = {
  name: 'container',
  words: 'run: container',
  protocols: ['ndjson'],
  fits: (definition) => containerOf(definition) !== undefined,
  check({ name, definition, share }) {
    const container = containerOf(definition) ?? {}
    if (typeof container['image'] !== 'string')
      throw fault('configuration', `The function ${name} has no image.`)
    for (const key of ['stdin', 'name', 'lifetime']) {
      if (container[key] !== undefined) {
        throw fault(
          'configuration',
          `The function ${name} cannot have \`container.${key}\`: it is run once a batch.`,
        )
      }
    }
    if (share)
      throw fault('configuration', `The function ${name} cannot be shared: each batch has its container.`)
  },
  open: (host) => ({
    async run(contract, records, context) {
      const answers = new Array<Answer>(records.length)
      const batches = inBatches(records.length, contract.window)
      const work = async () => {
        for (let batch = batches.shift(); batch; batch = batches.shift()) {
          await runBatch(contract, records, batch, answers, context, host)
        }
      }
      await Promise.all(Array.from({ length: contract.pool }, work))
      return answers
    },
    close: () => Promise.resolve(),
  }),
}

function containerOf({ run }: JsonObject): JsonObject | undefined {
  return isObject(run) && isObject(run['container']) ? run['container'] : undefined
}

function inBatches(count: number, size: number): number[][] {
  const indexes = Array.from({ length: count }, (_, index) => index)
  return Array.from({ length: Math.ceil(count / size) }, (_, batch) =>
    indexes.slice(batch * size, (batch + 1) * size),
  )
}

/** A record is blamed only for what it did alone: where a container fails on several, each not answered goes again. */
async function runBatch(
  contract: Contract,
  records: readonly Json[],
  batch: readonly number[],
  answers: Answer[],
  context: RunContext,
  host: RunnerHost,
): Promise<void> {
  const { name } = contract
  const { lines, failure } = await runOnce(
    contract,
    batch.map((index) => records[index] as Json),
    context,
    host,
  )
  const parsed = parse(lines)
  // More lines than records, or one that is none: which answer is whose cannot be known.
  const strange = parsed === undefined || parsed.length > batch.length
  const good = strange ? [] : parsed
  good.forEach((value, position) => (answers[batch[position] as number] = answerOf(value, name)))
  const rest = batch.slice(good.length)
  if (rest.length === 0) return
  if (batch.length > 1) {
    for (const index of rest) await runBatch(contract, records, [index], answers, context, host)
    return
  }
  const what = strange
    ? `wrote to standard output what is not one line of JSON: ${shown(lines)}`
    : failure.what
  answers[rest[0] as number] = failure.timeout
    ? { refused: standard('timeout', `The function ${name} ${what}`) }
    : failed(maskFor(context.secrets)(`The function ${name} ${what}`))
}

/** Most bytes of the answers to one batch, which is in memory as a whole. */
const mostAtOnce = 10_000_000

interface Ended {
  readonly lines: readonly string[]
  /** What to say of a record that has no line. */
  readonly failure: { readonly what: string; readonly timeout?: true }
}

async function runOnce(
  { name, definition, timeoutMs, memoryBytes, answerBytes }: Contract,
  records: readonly Json[],
  context: RunContext,
  host: RunnerHost,
): Promise<Ended> {
  const container = containerOf(definition) ?? {}
  const declared = declaredOf(container, context.secrets, name)
  const { runId, key, secrets } = context
  const late = AbortSignal.timeout(timeoutMs)
  const input = {
    ...container,
    arguments: declared.arguments,
    environment: {
      SLUSE_RUN_ID: runId,
      TRACEPARENT: traceparentOf(runId, `function ${name}`),
      ...declared.environment,
    },
    stdin: records.map((record) => `${JSON.stringify(record)}\n`).join(''),
    return: 'all',
    memoryBytes,
    maxOutputBytes: Math.min(answerBytes * records.length, Math.max(answerBytes, mostAtOnce)),
    lifetime: { cleanup: 'always' },
  }
  const request = { runId, key, secrets, attempt: 0, idempotencyKey: `${runId}${key}/container` }
  let result: Json
  try {
    const signal = AbortSignal.any([context.signal, late])
    result = await host.activities({ kind: 'container', input, ...request, signal })
  } catch (error) {
    context.signal.throwIfAborted()
    const problem = problemOf(error)
    // Beyond what it may use: that is the records' doing, or one's of them.
    if (problem?.['exceeded'] !== undefined)
      return { lines: [], failure: { what: `failed: ${problem.detail}` } }
    if (!late.aborted) throw error
    return {
      lines: [],
      failure: { what: `took longer than the ${timeoutMs / 1000} seconds allowed.`, timeout: true },
    }
  }
  const { code, stdout, stderr } = isObject(result) ? result : {}
  const log = maskFor(secrets)(String(stderr ?? ''))
    .split('\n')
    .filter((line) => line.trim() !== '')
  const about = { function: name, run: runId, trace: traceIdOf(runId) }
  for (const line of log) host.log('info', line, about)
  const said = log.slice(-5).join('\n').slice(-1000)
  const text = String(stdout ?? '')
  const half = text === '' || text.endsWith('\n') ? '' : ' in the middle of a line'
  return {
    lines: text.split('\n').slice(0, -1),
    failure: { what: `ended with exit code ${String(code)}${half}${said === '' ? '.' : `: ${said}`}` },
  }
}

function parse(lines: readonly string[]): Json[] | undefined {
  try {
    return lines.map((line) => JSON.parse(line) as Json)
  } catch {
    return undefined
  }
}

const shown = (lines: readonly string[]): string => JSON.stringify(lines.join('\n').slice(0, 80))
