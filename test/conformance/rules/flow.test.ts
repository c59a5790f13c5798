import { describe, expect } from 'vitest'
import { feature } from '../feature.ts'
import { started, useHarness } from './harness.ts'

/** dsl.md, "Task Flow"; dsl-reference.md, "Flow Directive". */
describe('task flow', () => {
  const { run, output, error, refused } = useHarness()
  const add = (text: string) => `\${ . + [${JSON.stringify(text)}] }`

  feature('flow.order', 'tasks run in declared order and the last one gives the output', async () => {
    const tasks = [{ a: { set: add('a') } }, { b: { set: add('b') } }, { c: { set: add('c') } }]
    expect(await output(tasks, { input: [] })).toEqual(['a', 'b', 'c'])
  })

  feature('flow.continue', 'continue is what happens anyway', async () => {
    const tasks = [{ a: { set: add('a'), then: 'continue' } }, { b: { set: add('b'), then: 'continue' } }]
    expect(await output(tasks, { input: [] })).toEqual(['a', 'b'])
  })

  feature('flow.exit', 'exit completes its own list and no other', async () => {
    const tasks = [
      { outer: { do: [{ a: { set: add('a'), then: 'exit' } }, { never: { set: add('never') } }] } },
      { b: { set: add('b') } },
    ]
    expect(await output(tasks, { input: [] })).toEqual(['a', 'b'])
  })

  feature('flow.exit', 'exit in the main list completes the workflow', async () => {
    const tasks = [{ a: { set: add('a'), then: 'exit' } }, { never: { set: add('never') } }]
    expect(await output(tasks, { input: [] })).toEqual(['a'])
  })

  feature('flow.exit', 'exit in the body of a loop ends the pass, not the loop', async () => {
    const body = [{ a: { set: '${ . + [$item] }', then: 'exit' } }, { never: { set: add('never') } }]
    expect(await output([{ loop: { for: { in: '[1, 2]' }, do: body } }], { input: [] })).toEqual([1, 2])
  })

  feature('flow.end', 'end completes the workflow from any depth', async () => {
    const tasks = [
      { outer: { do: [{ inner: { do: [{ a: { set: add('a'), then: 'end' } }] } }, { no: { set: 'no' } }] } },
      { never: { set: add('never') } },
    ]
    const ended = await run(tasks, { input: [] })
    expect(ended).toMatchObject({ status: 'completed', output: ['a'] })
    expect(started(ended)).toEqual(['outer', 'inner', 'a'])
  })

  feature(
    'flow.end',
    'end completes the tasks around it, so that their outputs are transformed',
    async () => {
      const inner = [{ a: { set: { x: 1 }, then: 'end' } }]
      expect(
        await output([{ outer: { do: inner, output: { as: '.x' } } }, { never: { set: { x: 9 } } }]),
      ).toBe(1)
    },
  )

  feature('flow.end', 'end in a loop ends the workflow and not the pass alone', async () => {
    const loop = { for: { in: '[1, 2, 3]' }, do: [{ a: { set: '${ $item }', then: 'end' } }] }
    expect(await output([{ loop }, { never: { set: '${ "never" }' } }])).toBe(1)
  })

  feature('flow.end', 'end in a branch cancels the other branches', async () => {
    const branches = [{ a: { set: { by: 'a' }, then: 'end' } }, { b: { wait: { hours: 1 } } }]
    const ended = await run([{ both: { fork: { branches } } }, { never: { set: { by: 'never' } } }])
    expect(ended.status).toBe('completed')
    expect(started(ended)).not.toContain('never')
  })

  feature('flow.goto', 'a name jumps forwards, and order resumes from there', async () => {
    const tasks = [
      { a: { set: add('a'), then: 'c' } },
      { b: { set: add('b') } },
      { c: { set: add('c') } },
      { d: { set: add('d') } },
    ]
    expect(await output(tasks, { input: [] })).toEqual(['a', 'c', 'd'])
  })

  feature('flow.goto', 'a name jumps backwards', async () => {
    const tasks = [
      { more: { set: '${ . + 1 }' } },
      { enough: { switch: [{ no: { when: '. < 5', then: 'more' } }, { yes: { then: 'end' } }] } },
    ]
    expect(await output(tasks, { input: 0 })).toBe(5)
  })

  feature('flow.scope', 'the name of a task in another list is refused', async () => {
    const tasks = [{ outer: { do: [{ a: { set: { a: 1 }, then: 'b' } }] } }, { b: { set: { b: 1 } } }]
    expect(await refused(tasks)).toContain('b')
  })

  feature(
    ['flow.if', 'flow.skipped'],
    'a task that is skipped puts out its raw input untouched',
    async () => {
      const skipped = {
        if: '.go',
        input: { schema: { document: { type: 'string' } }, from: '.x' },
        set: { never: true },
        output: { as: '"never"' },
        export: { as: '"never"' },
      }
      const tasks = [{ skipped }, { last: { set: { data: '${ . }', context: '${ $context }' } } }]
      expect(await output(tasks, { input: { go: false } })).toEqual({ data: { go: false }, context: null })
    },
  )

  feature('flow.skipped', 'a task that is skipped does not follow its own directive', async () => {
    const tasks = [{ skipped: { if: 'false', set: { a: 1 }, then: 'end' } }, { b: { set: { b: 1 } } }]
    expect(await output(tasks)).toEqual({ b: 1 })
  })

  feature('flow.if', 'a condition takes null and false as no, all else as yes', async () => {
    const tasks = [null, false, 0, ''].map((value, index) => ({
      [`t${index}`]: { if: JSON.stringify(value), set: add(String(index)) },
    }))
    expect(await output(tasks, { input: [] })).toEqual(['2', '3'])
  })

  feature('flow.if', 'a condition sees the raw input, before input.from', async () => {
    const tasks = [{ a: { if: '.raw', input: { from: '{}' }, set: { ran: true } } }]
    expect(await output(tasks, { input: { raw: true } })).toEqual({ ran: true })
  })

  feature('flow.fault', 'after an error that nobody catches no other task runs', async () => {
    const raise = { raise: { error: { type: 'https://test.example/no', status: 400 } } }
    const tasks = [{ a: raise }, { never: { set: { a: 1 } } }]
    const ended = await run(tasks)
    expect(ended.status).toBe('faulted')
    expect(started(ended)).toEqual(['a'])
    expect(await error(tasks)).toMatchObject({ instance: '/do/0/a' })
  })
})
