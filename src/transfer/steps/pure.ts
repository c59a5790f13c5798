import { compile, JqError, type Program } from '../../jq/index.ts'
import { fault, invalid, problem, problemOf, type Json, type Problem } from '../../workflow/index.ts'
import type { Failed, Flow, Step } from './step.ts'

/** Steps that need nothing but the record: they can be done in any thread, in any order. */
export function isPure({ kind }: Step): boolean {
  return kind === 'map' || kind === 'filter' || kind === 'validate'
}

type Next = (record: Json) => void
type Pure = (record: Json, next: Next) => void

/**
 * Does pure steps. `first` is the number of the first of them among all steps. A record that a step fails on leaves
 * nothing behind but its failure.
 */
export function runPure(flow: Flow, steps: readonly Step[], first: number, failed: Failed[]): Flow {
  if (steps.length === 0) return flow
  const compiled = compiledOf(steps)
  const values: Json[] = []
  const of: number[] = []
  let at = 0
  let source = 0
  const reached: { step: number; record: Json } = { step: 0, record: null }
  const emit: Next = (record) => {
    values.push(record)
    of.push(source)
  }
  // The last step's `next` emits; each other's is the step after it.
  const chain = compiled.reduceRight<Next>(
    (next, step, index) => (record) => {
      reached.step = index
      reached.record = record
      step(record, next)
    },
    emit,
  )
  for (; at < flow.values.length; at++) {
    source = flow.of[at] ?? at
    const before = values.length
    try {
      chain(flow.values[at] as Json)
    } catch (error) {
      values.length = before
      of.length = before
      const { step } = reached
      const body = JSON.stringify(step === 0 ? flow.values[at] : reached.record)
      failed.push({ index: source, step: first + step, body, problem: problemFrom(error) })
    }
  }
  return { values, of }
}

const known = new WeakMap<readonly Step[], readonly Pure[]>()

function compiledOf(steps: readonly Step[]): readonly Pure[] {
  let compiled = known.get(steps)
  if (!compiled) known.set(steps, (compiled = steps.map(pureOf)))
  return compiled
}

function pureOf(step: Step): Pure {
  switch (step.kind) {
    case 'map': {
      const program = programOf(step.filter)
      return (record, next) => {
        for (const value of program(record)) next(value)
      }
    }
    case 'filter': {
      const program = programOf(step.filter)
      return (record, next) => {
        if (isTrue(program, record)) next(record)
      }
    }
    case 'validate': {
      const { schema, format } = step
      return (record, next) => {
        const found = invalid(schema, format, record, 'the schema of the step')
        if (found) throw found
        next(record)
      }
    }
    case 'deduplicate':
    case 'call':
      throw fault('runtime', `A step of the kind ${step.kind} is not pure.`)
  }
}

function isTrue(program: Program, record: Json): boolean {
  const value = program.first(record)
  return value !== undefined && value !== false && value !== null
}

/** Throws a `configuration` fault for a filter that is not valid. */
export function programOf(filter: string): Program {
  try {
    return compile(filter)
  } catch (error) {
    throw fault('configuration', `The jq of a step is not valid: ${(error as Error).message}`)
  }
}

export function problemFrom(error: unknown): Problem {
  const found = problemOf(error)
  if (found) return found
  const message = error instanceof Error ? error.message : String(error)
  return problem(error instanceof JqError ? 'expression' : 'runtime', message)
}
