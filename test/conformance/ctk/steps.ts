import { expect } from 'vitest'
import { parse } from 'yaml'
import type { Json } from '../../../src/workflow/index.ts'
import type { Ended, Given, Runner } from '../runner.ts'
import { type TaskRun, taskRuns } from '../task-runs.ts'
import type { Scenario, Step } from './scenario.ts'

/** Carries out the steps of a scenario in order; throws at the first that does not hold. */
export async function playScenario(scenario: Scenario, runner: Runner): Promise<void> {
  const world: World = { runner }
  for (const step of scenario.steps) {
    const [definition, match] = findStep(step)
    await definition.play(world, match.slice(1), step.text)
  }
}

interface World {
  readonly runner: Runner
  definition?: string
  input?: Json
  ended?: Ended
}

interface StepDefinition {
  readonly sentence: RegExp
  readonly play: (world: World, words: string[], text: string | undefined) => void | Promise<void>
}

/** Each sentence of the kit's README. A sentence that is not here fails the scenario; none is skipped. */
const stepDefinitions: readonly StepDefinition[] = [
  {
    sentence: /^a workflow with definition:$/,
    play: (world, _, text) => void (world.definition = text ?? ''),
  },
  {
    sentence: /^given the workflow input is:$/,
    play: (world, _, text) => void (world.input = value(text)),
  },
  {
    sentence: /^the workflow is executed$/,
    play: async (world) => {
      const given: Given = { definition: world.definition ?? '' }
      world.ended = await world.runner.run(
        world.input === undefined ? given : { ...given, input: world.input },
      )
    },
  },
  { sentence: /^the workflow should cancel$/, play: (world) => void endedAs(world, 'cancelled') },
  { sentence: /^the workflow should complete$/, play: (world) => void endedAs(world, 'completed') },
  {
    sentence: /^the workflow should complete with output:$/,
    play: (world, _, text) => expect(endedAs(world, 'completed').output).toEqual(value(text)),
  },
  { sentence: /^the workflow should fault$/, play: (world) => void endedAs(world, 'faulted') },
  {
    sentence: /^the workflow should fault with error:$/,
    play: (world, _, text) => expect(endedAs(world, 'faulted').error).toEqual(value(text)),
  },
  {
    sentence: /^the workflow output should have properties ('[^']+'(?:, *'[^']+')*)$/,
    play: (world, [list = '']) => {
      for (const [, path = ''] of list.matchAll(/'([^']+)'/g))
        expect(property(world, path), path).toBeDefined()
    },
  },
  {
    sentence: /^the workflow output should have a '([^']+)' property with value:$/,
    play: (world, [path = ''], text) => expect(property(world, path)).toEqual(value(text)),
  },
  {
    sentence: /^the workflow output should have a '([^']+)' property containing (\d+) items$/,
    play: (world, [path = '', count]) => expect(property(world, path)).toHaveLength(Number(count)),
  },
  {
    sentence: /^(\S+) should run first$/,
    play: (world, [task]) => expect(tasks(world)[0]?.name).toBe(task),
  },
  {
    sentence: /^(\S+) should run last$/,
    play: (world, [task]) => expect(tasks(world).at(-1)?.name).toBe(task),
  },
  {
    sentence: /^(\S+) should run before (\S+)$/,
    play: (world, [first = '', second = '']) => ranInOrder(world, first, second),
  },
  {
    sentence: /^(\S+) should run after (\S+)$/,
    play: (world, [second = '', first = '']) => ranInOrder(world, first, second),
  },
  { sentence: /^(\S+) should cancel$/, play: (world, [task = '']) => void taskAs(world, task, 'cancelled') },
  {
    sentence: /^(\S+) should complete$/,
    play: (world, [task = '']) => void taskAs(world, task, 'completed'),
  },
  {
    sentence: /^(\S+) should complete with output:$/,
    play: (world, [task = ''], text) => expect(taskAs(world, task, 'completed').output).toEqual(value(text)),
  },
  { sentence: /^(\S+) should fault$/, play: (world, [task = '']) => void taskAs(world, task, 'faulted') },
  {
    sentence: /^(\S+) should fault with error:$/,
    play: (world, [task = ''], text) => expect(taskAs(world, task, 'faulted').error).toEqual(value(text)),
  },
]

function findStep(step: Step): [StepDefinition, RegExpMatchArray] {
  for (const definition of stepDefinitions) {
    const match = step.sentence.match(definition.sentence)
    if (match) return [definition, match]
  }
  throw new Error(`No step is defined for the sentence: ${step.sentence}`)
}

const value = (text: string | undefined): Json => parse(text ?? 'null') as Json

function ended(world: World): Ended {
  if (!world.ended) throw new Error('The scenario asserts before it executes the workflow.')
  return world.ended
}

function endedAs(world: World, status: Ended['status']): Ended {
  const end = ended(world)
  expect(end.status, JSON.stringify(end.error ?? end.findings ?? end.output)).toBe(status)
  return end
}

/** The value at a dotted path of the output. */
function property(world: World, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (at, key) => (at as Record<string, unknown> | null)?.[key],
      endedAs(world, 'completed').output,
    )
}

const tasks = (world: World): TaskRun[] => taskRuns(ended(world).lifecycle)

function ranInOrder(world: World, first: string, second: string): void {
  const names = tasks(world).map((task) => task.name)
  expect(names).toContain(first)
  expect(names).toContain(second)
  expect(names.indexOf(first)).toBeLessThan(names.indexOf(second))
}

function taskAs(world: World, name: string, status: TaskRun['status']): TaskRun {
  const found = tasks(world).find((task) => task.name === name)
  expect(found?.status, `task ${name}`).toBe(status)
  return found as TaskRun
}
