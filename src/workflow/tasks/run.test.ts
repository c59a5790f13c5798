import { describe, expect, test } from 'vitest'
import type { Json } from '../json.ts'
import { fault } from '../problem.ts'
import { after } from '../testing/memory-context.ts'
import { errorOf, outputOf, runWorkflow, type Given } from '../testing/run-workflow.ts'

const run = (process: object) => [{ r: { run: process } }]
const echo = (input: Json) => input
const activities = { shell: echo, script: echo, container: echo }

describe('run', () => {
  test('of a shell command is an activity with its expressions evaluated', async () => {
    const shell = {
      command: 'cat',
      stdin: '${ .text }',
      arguments: ['${ .n }', 'x'],
      environment: { A: '${ .text }' },
    }
    expect(
      await outputOf(run({ shell, return: 'all' }), { activities, input: { text: 'hej', n: 1 } }),
    ).toEqual({
      command: 'cat',
      stdin: 'hej',
      arguments: [1, 'x'],
      environment: { A: 'hej' },
      return: 'all',
    })
  })

  test('of a script takes its source from an endpoint', async () => {
    const script = { language: 'js', source: { endpoint: 'https://a.example/{n}.js' } }
    expect(await outputOf(run({ script }), { activities, input: { n: 1 } })).toEqual({
      language: 'js',
      source: { endpoint: { uri: 'https://a.example/1.js' } },
      return: 'stdout',
    })
  })

  test('of a container names it by the convention unless it has a name', async () => {
    const lifetime = { cleanup: 'eventually', after: { minutes: 1 } }
    expect(await outputOf(run({ container: { image: 'alpine', lifetime } }), { activities })).toEqual({
      image: 'alpine',
      lifetime: { cleanup: 'eventually', after: { milliseconds: 60_000 } },
      name: expect.stringMatching(/^example-[0-9a-f-]{36}\.test-r$/) as string,
      return: 'stdout',
    })
    expect(
      await outputOf(run({ container: { image: 'alpine', name: '${ "mine" }' } }), { activities }),
    ).toMatchObject({ name: 'mine' })
  })

  test('without await puts out the input and does not wait', async () => {
    const result = await runWorkflow(run({ shell: { command: 'x' }, await: false }), {
      activities: { shell: () => null },
      input: 'in',
    })
    expect(result.ended).toEqual({ status: 'completed', output: 'in' })
    expect(result.context.asked.get('/do/0/r')).toMatchObject({ wait: false })
  })
})

describe('run of a workflow', () => {
  const workflow = { namespace: 'test', name: 'other', version: 'latest' }
  const children: NonNullable<Given['children']> = (child) => ({ child: { ...child } })

  test('gives it its input, and puts out its output', async () => {
    expect(
      await outputOf(run({ workflow: { ...workflow, input: { n: '${ .n }' } } }), {
        children,
        input: { n: 1 },
      }),
    ).toEqual({
      child: { ...workflow, input: { n: 1 }, wait: true },
    })
    expect(await outputOf(run({ workflow, return: 'none' }), { children, input: 'mine' })).toMatchObject({
      child: { input: 'mine' },
    })
  })

  test('raises its fault here, where it can be caught', async () => {
    const failing = () => after(5, fault('timeout', 'late', { instance: '/do/7/there' }))
    expect(await errorOf(run({ workflow }), { children: failing })).toMatchObject({
      status: 408,
      detail: 'late',
      instance: '/do/0/r',
    })
    const tasks = [{ t: { try: run({ workflow }), catch: { do: [{ h: { set: '${ $error.detail }' } }] } } }]
    expect(await outputOf(tasks, { children: failing })).toBe('late')
  })

  test('without await puts out the input', async () => {
    const result = await runWorkflow(run({ workflow, await: false }), { children: () => null, input: 'in' })
    expect(result.ended).toEqual({ status: 'completed', output: 'in' })
    expect(result.context.asked.get('/do/0/r')).toMatchObject({ wait: false })
  })
})
