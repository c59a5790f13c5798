/**
 * Programs that speak in lines of JSON, whatever started them: kept running, fed ahead, ended with their run. What
 * differs from one way to the next is the program alone.
 */
import { createHash } from 'node:crypto'
import { maskFor } from '../../../http/index.ts'
import { asText } from '../../../processes/index.ts'
import { fault, isObject, problem, type Json } from '../../../workflow/index.ts'
import { answerOf, type Answer } from '../../answers.ts'
import type { Contract } from '../../contract.ts'
import { fill } from '../../fill.ts'
import { traceIdOf, traceparentOf } from '../../trace.ts'
import type { RunContext, Runner, RunnerHost } from '../runner.ts'
import { Pool } from './pool.ts'
import type { Program } from './program.ts'
import { Slots } from './slots.ts'
import { tryOut } from './trial.ts'

/** What to run, as one way of running functions has it. */
export interface Command {
  readonly command: string
  readonly arguments: readonly string[]
  readonly environment?: { readonly [name: string]: string }
}

/** So many times longer than others may processes that are shared between runs have nothing to do. */
const sharedIdleFactor = 60

/** One `Slots` for all the ways of one host, so that the bound is of them together. */
const slotsOf = new WeakMap<RunnerHost, Slots>()

export function linesRunner(
  host: RunnerHost,
  commandOf: (contract: Contract, secrets: { readonly [name: string]: Json }) => Promise<Command> | Command,
): Runner {
  const slots = slotsOf.get(host) ?? new Slots(host.maxProcesses)
  slotsOf.set(host, slots)
  const pools = new Map<string, { readonly pool: Pool; readonly runId: string | undefined }>()
  /** Not used again; they end by themselves once they have done what they are at. */
  const renewed = new Set<Pool>()
  const ending = new Set<Promise<void>>()

  const end = (matches: (runId: string | undefined) => boolean): Promise<unknown> => {
    for (const [key, { pool, runId }] of pools) {
      if (!matches(runId)) continue
      pools.delete(key)
      const closing = pool.close().finally(() => ending.delete(closing))
      ending.add(closing)
    }
    return Promise.all(ending)
  }

  const renew = (): void => {
    for (const [key, { pool, runId }] of pools) {
      if (runId !== undefined) continue
      pools.delete(key)
      renewed.add(pool)
      void pool.endWhenDone().finally(() => renewed.delete(pool))
    }
  }

  const poolOf = async (contract: Contract, context: RunContext): Promise<Pool> => {
    const secrets = contract.share ? {} : context.secrets
    const command = await commandOf(contract, secrets)
    const runId = contract.share ? undefined : context.runId
    const key = digest([runId ?? '', contract.name, contract.home ?? '', contract.definition, { ...command }])
    const known = pools.get(key)
    if (known) return known.pool
    const pool = new Pool({
      program: programOf(contract, command, runId, host, secrets),
      settings: host.processes,
      slots,
      idleMs: contract.share ? host.idleMs * sharedIdleFactor : host.idleMs,
      onIdle: () => pools.delete(key),
    })
    pools.set(key, { pool, runId })
    return pool
  }

  return {
    async run(contract, records, context): Promise<readonly Answer[]> {
      const pool = await poolOf(contract, context)
      const mask = maskFor(context.secrets)
      return (await pool.run(records, context.signal)).map((answer) => {
        if ('value' in answer) return answerOf(answer.value, contract.name)
        return { refused: problem(answer.timeout ? 'timeout' : 'runtime', mask(answer.failed)) }
      })
    },
    endRun: async (runId) => void (await end((each) => each === runId)),
    trial: async (contract, context) => {
      const secrets = contract.share ? {} : context.secrets
      const command = await commandOf(contract, secrets)
      return tryOut(programOf(contract, command, undefined, host, secrets), host.processes, context.signal)
    },
    renew: async () => renew(),
    close: async () =>
      void (await Promise.all([end(() => true), ...[...renewed].map((pool) => pool.close())])),
  }
}

function programOf(
  contract: Contract,
  command: Command,
  runId: string | undefined,
  host: RunnerHost,
  secrets: { readonly [name: string]: Json },
): Program {
  const { name, home, timeoutMs, memoryBytes, answerBytes, logBytes, pool, restarts, window } = contract
  const mask = maskFor(secrets)
  const about = { function: name, ...(runId !== undefined && { run: runId, trace: traceIdOf(runId) }) }
  const context =
    runId === undefined ? {} : { SLUSE_RUN_ID: runId, TRACEPARENT: traceparentOf(runId, `function ${name}`) }
  return {
    name,
    command: command.command,
    arguments: command.arguments,
    folder: home,
    environment: { ...context, ...command.environment },
    timeoutMs,
    memoryBytes,
    answerBytes,
    logBytes,
    pool,
    restarts,
    window,
    log: (line) => host.log('info', mask(line), about),
  }
}

/** Arguments and environment of a process of the language, filled: what a function declares, and no more. */
export function declaredOf(
  part: Json | undefined,
  secrets: { readonly [name: string]: Json },
  name: string,
): { arguments: string[]; environment: { [name: string]: string } } {
  const { arguments: given = [], environment = {} } = isObject(part) ? part : {}
  const values = fill(given, secrets, name)
  const variables = fill(environment, secrets, name)
  const refuse = (what: string) => fault('configuration', `The function ${name} has ${what}.`)
  if (!Array.isArray(values)) throw refuse('`arguments` that are no list')
  if (!isObject(variables)) throw refuse('an `environment` that is no map')
  const plain = (value: Json): string => {
    const text = asText(value)
    if (text.includes('\0'))
      throw refuse('an argument or a variable with a NUL character, which no process can be given')
    return text
  }
  for (const variable of Object.keys(variables)) {
    if (!/^[^=\0]+$/.test(variable)) throw refuse(`a variable named ${JSON.stringify(variable)}`)
  }
  return {
    arguments: values.map(plain),
    environment: Object.fromEntries(
      Object.entries(variables)
        .filter(([, value]) => value !== null)
        .map(([variable, value]) => [variable, plain(value)]),
    ),
  }
}

/** Secrets are part of what tells two pools apart, and must not lie about as text. */
const digest = (parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64')
