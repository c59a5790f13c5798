import { describe, expect, test } from 'vitest'
import { errorOf, outputOf, runWorkflow, told } from './testing/run-workflow.ts'

const add = (text: string) => ({ set: `\${ . + [${JSON.stringify(text)}] }` })

describe('a list of tasks', () => {
  test('goes on in declared order', async () => {
    expect(
      await outputOf([{ a: add('a') }, { b: { ...add('b'), then: 'continue' } }, { c: add('c') }]),
    ).toEqual(['a', 'b', 'c'])
  })

  test('jumps forwards and backwards, and goes on from there', async () => {
    const tasks = [
      { a: { ...add('a'), then: 'c' } },
      { b: { ...add('b'), then: 'end' } },
      { c: { ...add('c'), then: 'b' } },
    ]
    expect(await outputOf(tasks)).toEqual(['a', 'c', 'b'])
  })

  test('exit leaves its own list, and in the main list the workflow', async () => {
    const inner = { do: [{ a: { ...add('a'), then: 'exit' } }, { no: add('no') }] }
    expect(await outputOf([{ inner }, { b: { ...add('b'), then: 'exit' } }, { no: add('no') }])).toEqual([
      'a',
      'b',
    ])
  })

  test('end completes the tasks around it and the workflow', async () => {
    const deep = { do: [{ a: { set: { x: 1 }, then: 'end' } }], output: { as: '.x' }, export: { as: '.' } }
    const workflow = { do: [{ deep }, { no: add('no') }], output: { as: '[., $context]' } }
    expect(await outputOf(workflow)).toEqual([1, 1])
  })

  test('counts visits in the keys', async () => {
    const tasks = [
      { more: { set: '${ . + 1 }' } },
      { enough: { switch: [{ no: { when: '. < 3', then: 'more' } }] } },
    ]
    const started = told(await runWorkflow(tasks, { input: 0 })).filter((text) =>
      text.startsWith('task.started'),
    )
    expect(started.map((text) => text.slice('task.started '.length))).toEqual([
      '/do/0/more',
      '/do/1/enough',
      '/do/0/more#2',
      '/do/1/enough#2',
      '/do/0/more#3',
      '/do/1/enough#3',
    ])
  })

  test('counts visits of a task that a jump had passed over from one', async () => {
    const tasks = [
      { first: { set: '${ . + 1 }', then: 'choose' } },
      { skipped: { set: '${ . + 10 }' } },
      { choose: { switch: [{ no: { when: '. < 10', then: 'skipped' } }] } },
    ]
    const { context } = await runWorkflow(tasks, { input: 0 })
    const keys = context.reports.flatMap((report) => (report.kind === 'task.started' ? [report.key] : []))
    expect(keys).toEqual(['/do/0/first', '/do/2/choose', '/do/1/skipped', '/do/2/choose#2'])
  })

  test('a target that the list does not have is a fault of the task that names it', async () => {
    expect(
      await errorOf([{ a: { do: [{ b: { ...add('b'), then: 'c' } }] } }, { c: add('c') }]),
    ).toMatchObject({
      type: 'https://serverlessworkflow.io/spec/1.0.0/errors/configuration',
      instance: '/do/0/a/do/0/b',
    })
  })

  test('names are escaped in pointers', async () => {
    expect(await errorOf([{ 'a/b~c': { set: '${ error("no") }' } }])).toMatchObject({
      instance: '/do/0/a~1b~0c',
    })
  })

  test('an empty list puts out its input', async () => {
    expect(await outputOf([], { input: 7 })).toBe(7)
  })
})
