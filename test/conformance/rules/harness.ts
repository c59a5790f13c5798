import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import type { CloudEvent, Json, Problem } from '../../../src/workflow/index.ts'
import { type Host, type HostRequest, type Internet, openInternet } from '../../servers/internet/index.ts'
import { openEngineRunner, type TestEngineOptions } from '../engine-runner.ts'
import type { Ended, Given, Runner } from '../runner.ts'
import { taskRuns } from '../task-runs.ts'

/** A definition as data: its `do` list alone, or the whole but for `document`. */
export type Definition = readonly object[] | { readonly [key: string]: unknown }

export interface Harness {
  run(definition: Definition, given?: Omit<Given, 'definition'>): Promise<Ended>
  /** The output of a run that must complete. */
  output(definition: Definition, given?: Omit<Given, 'definition'>): Promise<Json>
  /** The error of a run that must fault. */
  error(definition: Definition, given?: Omit<Given, 'definition'>): Promise<Problem>
  /** What is said of a definition that must be refused. */
  refused(definition: Definition): Promise<string>
  readonly internet: () => Internet
  /** What the hosts were asked in this test. */
  readonly requests: readonly HostRequest[]
}

let options: () => TestEngineOptions = () => ({})

/** Says on which engine the rules of this process are tried, before they are; not said: the embedded one. */
export function rulesOn(engine: () => TestEngineOptions): void {
  options = engine
}

/** The real engine and activities for the tests of one file, with these hosts in reach. */
export function useHarness(hosts: { [name: string]: Host } = {}): Harness {
  const requests: HostRequest[] = []
  let internet: Internet
  let runner: Runner
  beforeAll(async () => {
    internet = await openInternet(hosts, requests)
    runner = await openEngineRunner(internet, options())
  })
  beforeEach(() => void requests.splice(0))
  afterAll(async () => {
    await runner?.close()
    await internet?.close()
  })

  const run: Harness['run'] = (definition, given = {}) =>
    runner.run({ ...given, definition: definitionText(definition) })
  const endedAs = async (status: Ended['status'], ended: Ended) => {
    expect(ended.status, JSON.stringify(ended.error ?? ended.findings ?? ended.output)).toBe(status)
    return ended
  }
  return {
    run,
    output: async (definition, given) =>
      (await endedAs('completed', await run(definition, given))).output as Json,
    error: async (definition, given) =>
      (await endedAs('faulted', await run(definition, given))).error as Problem,
    refused: async (definition) => (await endedAs('invalid', await run(definition))).findings as string,
    internet: () => internet,
    requests,
  }
}

let count = 0

/** A definition's text; each has a name of its own unless it gives one. */
export function definitionText(definition: Definition, document: { [key: string]: unknown } = {}): string {
  count += 1
  return JSON.stringify({
    document: { dsl: '1.0.3', namespace: 'test', name: `rule-${count}`, version: '1.0.0', ...document },
    ...(Array.isArray(definition) ? { do: definition } : definition),
  })
}

/** Names of the tasks in the order in which they started. */
export const started = (ended: Ended): string[] => taskRuns(ended.lifecycle).map((run) => run.name)

/** `example(1)` is an event of type `example` with data 1. */
export const event = (type: string, data: Json, extra: { [attribute: string]: Json } = {}): CloudEvent => ({
  specversion: '1.0',
  id: `${type}-${Math.random()}`,
  source: 'https://test.example',
  type,
  data,
  ...extra,
})
