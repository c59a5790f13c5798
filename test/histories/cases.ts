import { fault, Postponed } from '../../src/workflow/index.ts'
import type { Recording } from './recording.ts'

/** A run, or several, of which every engine keeps how it went. */
export interface Case {
  readonly name: string
  /** Bodies of definitions in the namespace `test`; the first is called `main` unless it says otherwise. */
  readonly definitions: readonly string[]
  drive(recording: Recording): Promise<unknown>
}

const call = (name: string, body = '${ . }') =>
  `{ ${name}: { call: http, with: { method: get, endpoint: "http://effect/${name}", body: '${body}' } } }`
const listens = (name: string, type: string) =>
  `{ ${name}: { listen: { to: { one: { with: { type: ${type} } } } } } }`

/** Whatever a run may do at least once: a change of the interpreter that replays none of it otherwise breaks no run. */
export const cases: readonly Case[] = [
  {
    name: 'tasks',
    definitions: [
      `
do:
  - start: { set: { list: [ 3, 1, 2 ], on: yes } }
  - ${call('lookup', '${ .list }')}
  - each:
      for: { each: item, in: '\${ . }' }
      do: [ ${call('row', '${ $item }')}, { keep: { set: { row: '\${ . }' } } } ]
  - which: { switch: [ { other: { when: '\${ .row > 5 }', then: exit } }, { default: { then: both } } ] }
  - both: { fork: { branches: [ ${call('left')}, { right: { do: [ ${call('right')}, { r: { set: { r: 1 } } } ] } } ] } }
  - first: { fork: { compete: true, branches: [ ${call('quick')}, { slow: { wait: { minutes: 5 } } } ] } }
  - tell: { emit: { event: { with: { source: https://example.com, type: told, data: { n: 1 } } } } }
  - aside: { run: { await: false, shell: { command: echo } } }
  - pause: { wait: { milliseconds: 20 } }
  - shape: { set: { done: true }, export: { as: '\${ . }' } }`,
    ],
    drive: (recording) => recording.ended(),
  },
  {
    name: 'scaled-out',
    definitions: [
      `
do:
  - each:
      for: { each: item, in: '\${ [ range(8) ] }' }
      metadata: { concurrency: 4 }
      do: [ ${call('row', '${ $item }')} ]`,
    ],
    drive: (recording) => recording.ended(),
  },
  {
    name: 'retries',
    definitions: [
      `
do:
  - careful:
      try: [ ${call('shaky')} ]
      catch: { retry: { delay: { milliseconds: 10 }, backoff: { constant: {} }, limit: { attempt: { count: 5 } } } }
  - caught:
      try: [ ${call('broken')} ]
      catch: { errors: { with: { status: 418 } }, as: error, do: [ { mend: { set: { mended: '\${ $error.status }' } } } ] }
  - late:
      try: [ { endless: { wait: { minutes: 5 }, timeout: { after: { milliseconds: 30 } } } } ]
      catch: { do: [ { on: { set: { late: true } } } ] }
  - ${call('later')}`,
    ],
    drive({ effects, ended }) {
      let calls = 0
      const failing = (until: number, then: () => never) => () => (++calls <= until ? then() : 'ok')
      effects.shaky = failing(2, () => {
        throw fault('communication', 'not yet', { status: 503 })
      })
      effects.broken = () => {
        throw fault('communication', 'no coffee', { status: 418 })
      }
      let put = false
      effects.later = () => {
        if (!put) {
          put = true
          throw new Postponed(Date.now() + 30, 1, 'the breaker is open')
        }
        return 'now'
      }
      return ended()
    },
  },
  {
    name: 'faulted',
    definitions: [`do: [ ${call('broken')} ]`],
    drive({ effects, ended }) {
      effects.broken = () => {
        throw fault('communication', 'no coffee', { status: 418 })
      }
      return ended()
    },
  },
  {
    name: 'events',
    definitions: [
      `
do:
  - ${listens('first', 'early')}
  - two: { listen: { to: { all: [ { with: { type: a } }, { with: { type: b } } ] } } }
  - ${call('after')}
  - any: { listen: { to: { any: [ { with: { type: c } }, { with: { type: d } } ] } } }`,
    ],
    async drive({ start, publish, waits, outcome }) {
      await publish('early')
      const id = await start()
      await waits(id, 'a')
      await publish('b')
      await publish('a')
      await waits(id, 'd')
      await publish('d')
      await outcome(id)
    },
  },
  {
    name: 'parked',
    definitions: [`do: [ ${call('before')}, { long: { wait: { seconds: 4 } } }, ${listens('go', 'go')} ]`],
    async drive({ start, publish, waits, outcome }) {
      const id = await start()
      await waits(id, 'go')
      await publish('go')
      await outcome(id)
    },
  },
  {
    name: 'children',
    definitions: [
      `
do:
  - below: { run: { workflow: { namespace: test, name: below, version: 1.0.0, input: { n: 1 } } } }
  - alone: { run: { await: false, workflow: { namespace: test, name: below, version: 1.0.0, input: { n: 2 } } } }
  - fails:
      try: [ { bad: { run: { workflow: { namespace: test, name: bad, version: 1.0.0 } } } } ]
      catch: { do: [ { on: { set: { caught: true } } } ] }`,
      `name: below\ndo: [ ${call('inner')} ]`,
      'name: bad\ndo: [ { no: { raise: { error: { type: https://example.com/no, status: 400 } } } } ]',
    ],
    drive: (recording) => recording.ended(),
  },
  {
    name: 'cancelled',
    definitions: [`do: [ ${call('before')}, ${call('endless')} ]`],
    async drive({ effects, called, engine, start, outcome }) {
      effects.endless = (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error))
        })
      const id = await start()
      await called('endless')
      await engine.cancel(id, 'somebody')
      await outcome(id)
    },
  },
  {
    name: 'suspended',
    definitions: [
      `do: [ { both: { fork: { branches: [ ${call('held')}, ${listens('go', 'go')} ] } } }, ${call('last')} ]`,
    ],
    async drive({ effects, called, engine, start, publish, outcome }) {
      let answer = (_: string) => {}
      effects.held = () => new Promise<string>((resolve) => (answer = resolve))
      const id = await start()
      await called('held')
      await engine.suspend(id, 'somebody')
      answer('while suspended')
      await publish('go')
      await engine.resume(id, 'somebody')
      await outcome(id)
    },
  },
  {
    name: 'rerun',
    definitions: [`do: [ ${call('one')}, ${call('two')}, ${call('three')} ]`],
    async drive({ engine, start, outcome }) {
      const id = await start()
      await outcome(id)
      const again = await engine.rerun(id, { from: '/do/1/two', by: 'somebody' })
      await outcome(again.id)
    },
  },
  {
    name: 'secrets',
    definitions: [
      `use: { secrets: [ token ] }\ndo: [ ${call('ask', '${ $secrets.token }')}, ${call('use')} ]`,
    ],
    drive: (recording) => recording.ended(),
  },
  {
    name: 'long',
    definitions: [
      `
do:
  - each:
      for: { each: item, in: '\${ [ range(8) ] }' }
      do: [ { one: { run: { workflow: { namespace: test, name: small, version: 1.0.0 } } } }, ${call('row', '${ $item }')} ]`,
      'name: small\ndo: [ { nothing: { set: { small: true } } } ]',
    ],
    drive: (recording) => recording.ended(),
  },
]
