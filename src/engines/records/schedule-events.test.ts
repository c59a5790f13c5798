import { describe, expect, it } from 'vitest'
import type { Json } from '../../workflow/index.ts'
import { define } from '../testing/engine-suite.ts'
import { Gathering, type Taken } from './schedule-events.ts'

/** Gives events to a schedule; the answer is the inputs of the runs that they start. */
function starts(on: string, events: [type: string, data: Json][], read = 'data'): Json[] {
  const { workflow } = define(
    `schedule: { on: ${on}, read: ${read} }\ndo: [ { nothing: { set: { a: 1 } } } ]`,
  )
  const kept: Taken[] = []
  const inputs: Json[] = []
  for (const [index, [type, data]] of events.entries()) {
    // Made anew for each event, of what was kept: so it goes on as well after a crash.
    const gathering = new Gathering(workflow, kept)
    const event = { specversion: '1.0' as const, id: `${index}`, source: '/test', type, data }
    const taking = gathering.take({ seq: index + 1, event })
    if (!taking) continue
    if ('kept' in taking) kept.push(taking.kept)
    else {
      inputs.push(taking.input)
      const group = taking.starts[0]?.group
      kept.splice(0, kept.length, ...kept.filter((taken) => taken.group !== group))
    }
  }
  return inputs
}

describe('a schedule on events', () => {
  it('`one`: each event starts a run', () => {
    expect(
      starts('{ one: { with: { type: a } } }', [
        ['a', 1],
        ['b', 2],
        ['a', 3],
      ]),
    ).toEqual([[1], [3]])
  })

  it('`any`: an event for any of the filters starts a run; an empty list takes every event', () => {
    expect(
      starts('{ any: [ { with: { type: a } }, { with: { type: b } } ] }', [
        ['a', 1],
        ['c', 2],
        ['b', 3],
      ]),
    ).toEqual([[1], [3]])
    expect(
      starts('{ any: [] }', [
        ['a', 1],
        ['c', 2],
      ]),
    ).toEqual([[1], [2]])
  })

  it('`all`: a run starts when there is one for each filter, in the order in which they came', () => {
    const all = '{ all: [ { with: { type: a } }, { with: { type: b } } ] }'
    expect(
      starts(all, [
        ['b', 1],
        ['b', 2],
        ['a', 3],
        ['a', 4],
      ]),
    ).toEqual([
      [1, 3],
      [2, 4],
    ])
  })

  it('events with other values of their correlation keys are of another group', () => {
    const by = 'correlate: { id: { from: .data.id } }'
    const all = `{ all: [ { with: { type: a }, ${by} }, { with: { type: b }, ${by} } ] }`
    const found = starts(all, [
      ['a', { id: 1 }],
      ['a', { id: 2 }],
      ['b', { id: 2 }],
      ['b', { id: 3 }],
    ])
    expect(found).toEqual([[{ id: 2 }, { id: 2 }]])
  })

  it('`until` a condition: gathers until it holds of the events so far', () => {
    expect(
      starts(`{ any: [ { with: { type: a } } ], until: 'length == 2' }`, [
        ['a', 1],
        ['a', 2],
        ['a', 3],
        ['a', 4],
      ]),
    ).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  it('`until` other events: those end it and are not part of the input', () => {
    const until = '{ any: [ { with: { type: a } } ], until: { one: { with: { type: end } } } }'
    expect(
      starts(until, [
        ['end', 0],
        ['a', 1],
        ['a', 2],
        ['end', 3],
        ['a', 4],
        ['end', 5],
      ]),
    ).toEqual([[1, 2], [4]])
  })

  it('gives whole events where it is told to', () => {
    expect(starts('{ one: { with: { type: a } } }', [['a', 1]], 'envelope')).toMatchObject([
      [{ type: 'a', data: 1 }],
    ])
    expect(starts('{ one: { with: { type: a } } }', [['a', { b: 1 }]], 'raw')).toEqual([['{"b":1}']])
  })
})
