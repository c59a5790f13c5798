import { join } from 'node:path'
import type { ActivityRunner } from '../engines/engine.ts'
import type { HttpClient } from '../http/index.ts'
import type { ProcessSettings } from '../processes/index.ts'
import {
  fault,
  invalid,
  isObject,
  problemOf,
  WorkflowFault,
  type Json,
  type JsonObject,
} from '../workflow/index.ts'
import { recordsOf, type Answer } from './answers.ts'
import { readContract, type Contract, type SchemaDefinition } from './contract.ts'
import type { FunctionLimits } from './limits.ts'
import type { FunctionContext, FunctionReference, Functions, Outcome } from './port.ts'
import { kindOf } from './runners/index.ts'
import type { FunctionLog, RunContext, Runner, RunnerHost } from './runners/runner.ts'

export interface FunctionOptions {
  /** Carries out what the language has words for: reads catalogs, calls services, runs containers. */
  readonly activities: ActivityRunner
  readonly http: HttpClient
  /** The project's folder (absolute): its `functions/` is the default catalog. */
  readonly projectFolder?: string
  /** Folder (absolute) or http(s) address of catalogs by name. */
  readonly catalogs?: { readonly [name: string]: string }
  /** Where functions of the default catalog lie that lie elsewhere now (absolute), by `name:version`. */
  readonly functionFolders?: ReadonlyMap<string, string>
  readonly processes?: ProcessSettings
  /** How far each may go. Default: `builtInLimits`. */
  readonly limits?: FunctionLimits
  /** Most processes of all functions at once. Default 32. */
  readonly maxProcesses?: number
  /** Milliseconds after which a process that has nothing to do is ended. Default 5 s. */
  readonly idleMs?: number
  /** What functions write to standard error. Default: nothing is logged. */
  readonly log?: FunctionLog
}

/** Opens the functions of a project. Nothing is read or started before it is called. */
export function openFunctions(options: FunctionOptions): Functions {
  const host: RunnerHost = {
    activities: options.activities,
    processes: options.processes ?? {},
    maxProcesses: options.maxProcesses ?? 32,
    idleMs: options.idleMs ?? 5000,
    log: options.log ?? (() => {}),
  }
  const runners = new Map<string, Runner>()
  const contracts = new Map<string, Contract>()

  const contractOf = (name: string, definition: JsonObject, home: string | undefined): Contract => {
    const key = JSON.stringify([name, home, definition])
    let contract = contracts.get(key)
    if (!contract) {
      contract = readContract(name, definition, home, options.limits)
      if (contracts.size >= mostContracts) contracts.clear()
      contracts.set(key, contract)
    }
    return contract
  }
  const runnerOf = (contract: Contract): Runner => {
    const kind = kindOf(contract)
    let runner = runners.get(kind.name)
    if (!runner) runners.set(kind.name, (runner = kind.open(host)))
    return runner
  }
  const run = (contract: Contract, records: readonly Json[], context: FunctionContext) => {
    context.signal.throwIfAborted()
    return runnerOf(contract).run(contract, records, { http: options.http, ...context })
  }
  const each = (act: (runner: Runner) => Promise<void> | undefined) =>
    Promise.all([...runners.values()].map((runner) => act(runner)))

  return {
    async call(reference, records, context) {
      const definition = await load(reference, options, context)
      const contract = contractOf(nameOf(reference), definition, homeOf(reference, options))
      const { inputSchema, outputSchema } = contract
      const withHttp = { http: options.http, ...context }
      const checkInput = await checkOf(inputSchema, 'input', contract, options, withHttp)
      const checkOutput = await checkOf(outputSchema, 'output', contract, options, withHttp)
      return inOrder(records, checkInput, checkOutput, (valid) => run(contract, valid, context))
    },

    async invoke({ definition, reference, address }, value, context) {
      const name = reference ? nameOf(reference) : (address ?? `at ${context.key}`)
      const own = address === undefined ? options.projectFolder : undefined
      const home = reference ? homeOf(reference, options) : own
      const [answer] = await run(contractOf(name, definition, home), [value], context)
      if (!answer) throw fault('runtime', `The function ${name} gave no answer.`)
      if ('refused' in answer) throw new WorkflowFault(answer.refused)
      return answer.value
    },

    async trial(reference, context) {
      const definition = await load(reference, options, context)
      const contract = contractOf(nameOf(reference), definition, homeOf(reference, options))
      return runnerOf(contract).trial?.(contract, { http: options.http, ...context })
    },

    endRun: async (runId) => void (await each((runner) => runner.endRun?.(runId))),
    renew: async () => void (await each((runner) => runner.renew?.())),
    close: async () => void (await each((runner) => runner.close())),
  }
}

const mostContracts = 1000

type Check = (value: Json) => WorkflowFault | undefined

/** Gives the valid records to the function; what is not valid, going in or coming out, is refused in its place. */
async function inOrder(
  records: readonly Json[],
  checkInput: Check,
  checkOutput: Check,
  run: (valid: readonly Json[]) => Promise<readonly Answer[]>,
): Promise<readonly Outcome[]> {
  const outcomes = new Array<Outcome>(records.length)
  const sent: number[] = []
  records.forEach((record, index) => {
    const wrong = checkInput(record)
    if (wrong) outcomes[index] = { refused: wrong.problem }
    else sent.push(index)
  })
  const answers = sent.length === 0 ? [] : await run(sent.map((index) => records[index] as Json))
  sent.forEach((index, position) => {
    const answer = answers[position] as Answer
    const wrong = 'value' in answer ? checkOutput(answer.value) : undefined
    if ('refused' in answer) outcomes[index] = { refused: answer.refused }
    else outcomes[index] = wrong ? { refused: wrong.problem } : { records: recordsOf(answer.value) }
  })
  return outcomes
}

async function load(
  reference: FunctionReference,
  options: FunctionOptions,
  context: FunctionContext,
): Promise<JsonObject> {
  const input = { name: reference.name, version: reference.version, catalog: catalogOf(reference) }
  const content = await perform(options, context, 'function', input)
  if (isObject(content)) return content
  throw fault('configuration', `The function ${nameOf(reference)} is not a task.`)
}

async function checkOf(
  schema: SchemaDefinition | undefined,
  part: 'input' | 'output',
  contract: Contract,
  options: FunctionOptions,
  context: RunContext,
): Promise<Check> {
  if (!schema) return () => undefined
  const place = `${part}/schema of ${contract.name}`
  const document = schema.document ?? (await schemaAt(schema.resource, place, options, context))
  return (value) => {
    const wrong = invalid(document, schema.format, value, place)
    if (wrong && problemOf(wrong)?.type.endsWith('/configuration')) throw wrong
    return wrong
  }
}

async function schemaAt(
  resource: Json | undefined,
  place: string,
  options: FunctionOptions,
  context: RunContext,
): Promise<Json> {
  const endpoint = isObject(resource) ? resource['endpoint'] : undefined
  const found = await perform(options, context, 'resource', {
    endpoint: typeof endpoint === 'string' ? { uri: endpoint } : (endpoint ?? null),
  })
  try {
    return JSON.parse(isObject(found) ? String(found['content']) : '') as Json
  } catch {
    throw fault('configuration', `The schema at ${place} is not JSON.`)
  }
}

function perform(
  options: FunctionOptions,
  context: FunctionContext,
  kind: string,
  input: Json,
): Promise<Json> {
  const { runId, key, secrets, signal } = context
  return options.activities({
    kind,
    input,
    runId,
    key,
    secrets,
    signal,
    attempt: 0,
    idempotencyKey: `${runId}${key}`,
  })
}

/** The folder of a function, if it is on this machine. */
function homeOf(reference: FunctionReference, options: FunctionOptions): string | undefined {
  const catalog = catalogOf(reference)
  const { catalogs, functionFolders } = options
  const elsewhere = catalog === 'default' ? functionFolders?.get(nameOf(reference)) : undefined
  if (elsewhere !== undefined) return elsewhere
  const configured = catalogs && Object.hasOwn(catalogs, catalog) ? catalogs[catalog] : undefined
  const root = configured ?? (catalog === 'default' ? options.projectFolder : undefined)
  if (root === undefined || /^https?:/i.test(root)) return undefined
  return join(root, 'functions', reference.name, reference.version)
}

const catalogOf = ({ catalog = 'default' }: FunctionReference): string => catalog

function nameOf(reference: FunctionReference): string {
  const catalog = catalogOf(reference)
  return `${reference.name}:${reference.version}${catalog === 'default' ? '' : `@${catalog}`}`
}
