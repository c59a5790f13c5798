import { afterEach, describe, expect, it } from 'vitest'
import { hasCode, SluseError } from '../../errors.ts'
import type { Statement } from '../../database/index.ts'
import { load, type Definition } from '../../workflow/definition/index.ts'
import { fault, isObject, Postponed, type CloudEvent, type Json } from '../../workflow/index.ts'
import type { ActivityRequest, ActivityRunner, Engine, Outcome, SecretStore } from '../engine.ts'

/** How the suite gets at the engine under test. */
export interface Opened {
  engine: Engine
  /** Closes the engine and opens it again on what it had made durable. */
  restart(): Promise<void>
  /** Ends the engine without a word, as a crash would, and opens it again. */
  crash(): Promise<void>
  close(): Promise<void>
}

export type Open = (given: { activities: ActivityRunner; secrets: SecretStore }) => Promise<Opened>

/** What every engine promises (`engine.ts`, `durable-context.ts`). */
export function engineSuite(name: string, open: Open): void {
  let world: World
  afterEach(() => world.close())
  /** Whether it was written with what it was given with; it is gone afterwards. */
  const wasNoted = async (mark: string): Promise<boolean> => {
    const gone = { sql: 'DELETE FROM marks WHERE name = ?', parameters: [mark], expect: 1 }
    const change = { record: [gone] }
    const code = await codeOf(world.engine.setEnabled({ namespace: 'test', name: mark }, false, change))
    if (code !== undefined) expect(code).toBe('SLUSE-STORE-CHANGED')
    return code === undefined
  }
  const given = async (...definitions: string[]) => {
    world = await World.open(open)
    const loaded = definitions.map((body) => define(body))
    await world.engine.deploy(loaded)
    return Object.assign(world, { definition: loaded[0] as Definition })
  }

  describe(`${name}: runs`, () => {
    it('a run ends with its output', async () => {
      const { run } = await given(`
do:
  - ask: { call: http, with: { method: get, endpoint: http://effect/echo, body: { n: '\${ .n }' } } }
  - add: { set: { n: '\${ .n + 1 }' } }`)
      expect(await run({ n: 1 })).toEqual({ status: 'completed', output: { n: 2 } })
    })

    it('a fault ends the run with its problem details', async () => {
      const { run, effects } = await given(callOnce('teapot'))
      effects.teapot = () => {
        throw fault('communication', 'no coffee', { status: 418 })
      }
      const outcome = await run()
      expect(outcome).toMatchObject({ status: 'faulted', error: { status: 418, detail: 'no coffee' } })
    })

    it('what is thrown without being a fault becomes a runtime error with its message and no stack', async () => {
      const { run, effects } = await given(callOnce('broken'))
      effects.broken = () => {
        throw new TypeError('x is not a function')
      }
      const outcome = await run()
      expect(outcome).toMatchObject({
        error: { type: expect.stringMatching(/runtime$/), detail: 'x is not a function' },
      })
      expect(JSON.stringify(outcome)).not.toContain('.ts')
    })

    it('the same idempotency key starts one run', async () => {
      const { engine, definition } = await given(callOnce('echo'))
      const once = { definition: definition.reference, idempotencyKey: 'k' }
      const [first, second] = await Promise.all([engine.start(once), engine.start(once)])
      const third = await engine.start(once)
      expect(new Set([first.id, second.id, third.id]).size).toBe(1)
      expect([first, second, third].map(({ existing }) => existing)).toEqual([false, true, true])
    })

    it('a run stays with the text that it started with', async () => {
      const { engine, effects, run } = await given(callOnce('gate'))
      const gate = (effects.gate = gated(() => 'old'))
      const outcome = run()
      await gate.reached
      await engine.deploy([define('do: [ { other: { set: { new: true } } } ]')])
      gate.open()
      expect(await outcome).toMatchObject({ output: 'old' })
      expect(await world.run()).toMatchObject({ output: { new: true } })
    })

    it('`latest` is the highest version that is deployed', async () => {
      const { engine } = await given()
      const versions = ['1.10.0', '1.9.0', '2.0.0-rc.1', '1.2.0']
      await engine.deploy(
        versions.map((version) => define(`do: [ { say: { set: { version: ${version} } } } ]`, { version })),
      )
      const latest = { namespace: 'test', name: 'main', version: 'latest' }
      const { id } = await engine.start({ definition: latest })
      expect(await engine.outcome(id)).toMatchObject({ output: { version: '2.0.0-rc.1' } })
    })

    it('says with a code what it cannot find', async () => {
      const { engine, definition } = await given(callOnce('echo'))
      const missing = { ...definition.reference, version: '9.9.9' }
      expect(await codeOf(engine.start({ definition: missing }))).toBe('SLUSE-DEFINITION-NOT-FOUND')
      expect(await codeOf(engine.outcome('nobody'))).toBe('SLUSE-RUN-NOT-FOUND')
      await engine.undeploy(definition.reference)
      expect(await codeOf(engine.start({ definition: definition.reference }))).toBe(
        'SLUSE-DEFINITION-NOT-FOUND',
      )
    })

    it('a closed engine takes no more work', async () => {
      const { engine, definition } = await given(callOnce('echo'))
      await engine.close()
      expect(await codeOf(engine.start({ definition }))).toBe('SLUSE-CLOSING')
    })
  })

  describe(`${name}: crashes`, () => {
    it('a recorded effect is not carried out again; one that was under way is', async () => {
      const { run, effects, count } = await given(`
do:
  - one: { call: http, with: { method: get, endpoint: http://effect/one } }
  - two: { call: http, with: { method: get, endpoint: http://effect/two } }`)
      const gate = (effects.two = gated(() => 2))
      void run()
      await gate.reached
      gate.open()
      effects.two = () => 'again'
      await world.crash()
      expect(await world.outcome()).toMatchObject({ status: 'completed' })
      expect(count('one')).toBe(1)
    })

    it('an activity whose result is durable is told so; one whose result is lost is not', async () => {
      const { run, effects, requests, count } = await given(callOnce('gate'))
      const told: number[] = []
      const tells = (attempt: number) => () => {
        requests.at(-1)?.whenRecorded?.(() => told.push(attempt))
        return attempt
      }
      const gate = gated(tells(1))
      effects.gate = gate
      void run()
      await gate.reached
      effects.gate = tells(2)
      await world.crash()
      gate.open()
      expect(await world.outcome()).toEqual({ status: 'completed', output: 2 })
      expect(count('gate')).toBe(2)
      // An engine that cannot tell leaves it out; one that can does so for the second alone.
      expect(told).toEqual(requests[0]?.whenRecorded ? [2] : [])
    })

    it('the branch that was first is first again', async () => {
      const { run, effects } = await given(`
do:
  - race:
      fork:
        compete: true
        branches:
          - slow: { call: http, with: { method: get, endpoint: http://effect/slow } }
          - fast: { call: http, with: { method: get, endpoint: http://effect/fast } }
  - after: { call: http, with: { method: get, endpoint: http://effect/gate, body: '\${ . }' } }`)
      effects.slow = (_, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', reject))
      effects.fast = () => 'fast'
      const gate = (effects.gate = gated((input) => input))
      void run()
      await gate.reached
      effects.slow = () => 'slow'
      effects.gate = (input) => input
      await world.crash()
      expect(await world.outcome()).toEqual({ status: 'completed', output: 'fast' })
    })

    it.each([
      ['a timer', '{ wait: { milliseconds: 300 } }', { begun: true }],
      ['an event', '{ listen: { to: { one: { with: { type: go } } } } }', [7]],
    ])('a run that waits for %s goes on after it', async (_, task, output) => {
      const { run } = await given(`do: [ { begin: { set: { begun: true } } }, { wait: ${task} } ]`)
      void run()
      await world.begun()
      await world.crash()
      await world.engine.publish([event('go', 7)])
      expect(await world.outcome()).toEqual({ status: 'completed', output })
    })

    it('the outcome of a run is known after a restart', async () => {
      const { run } = await given(callOnce('echo'))
      const before = await run({ a: 1 })
      await world.restart()
      expect(await world.outcome()).toEqual(before)
    })

    it('goes on from its records, however much it does before it first waits', async () => {
      const long = 'timeout: { after: { minutes: 1 } }'
      await given(`
do:
  - nested: { do: [ { deeper: { do: [ { x: { set: { x: 1 } } } ], ${long} } } ], ${long} }
  - each: { for: { in: '\${ [1, 2] }' }, do: [ { x: { set: { x: 1 } } } ], ${long} }
  - both: { fork: { branches: [ { x: { set: { x: 1 } } }, { y: { set: { y: 1 } } } ] }, ${long} }
  - tell: { emit: { event: { with: { source: https://example.com, type: told } } }, ${long} }
  - hear: { listen: { to: { one: { with: { type: go } } } }, ${long} }`)
      await world.start('main')
      await settled()
      await world.crash()
      await world.engine.publish([event('go', 1)])
      expect(await world.outcome()).toEqual({ status: 'completed', output: [1] })
    })
  })

  describe(`${name}: events`, () => {
    const listening = `do: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]`

    it('the same event twice is handled once', async () => {
      const { engine, run } = await given(`
do:
  - hear: { listen: { to: { all: [ { with: { type: go } }, { with: { type: go } } ] } } }`)
      const outcome = run()
      const [first] = await engine.publish([event('go', 1, 'a')])
      const again = await engine.publish([event('go', 1, 'a'), event('go', 2, 'b')])
      expect([first, ...again].map((receipt) => receipt?.duplicate)).toEqual([false, true, false])
      expect(await outcome).toEqual({ status: 'completed', output: [1, 2] })
    })

    it('an event that comes before anybody listens is not lost', async () => {
      const { engine, run } = await given(listening)
      await engine.publish([event('go', 'early')])
      expect(await run()).toEqual({ status: 'completed', output: ['early'] })
    })

    it('an event that nobody consumed before a run began goes to one run only', async () => {
      const { engine, run } = await given(listening)
      await engine.publish([event('go', 'early')])
      expect(await run()).toMatchObject({ output: ['early'] })
      const second = run()
      await engine.publish([event('go', 'late')])
      expect(await second).toMatchObject({ output: ['late'] })
    })

    it('an event is heard, and a command obeyed, beside an effect that takes long', async () => {
      const { engine, run, effects } = await given(`
do:
  - both:
      fork:
        branches:
          - long: { call: http, with: { method: get, endpoint: http://effect/long } }
          - hear:
              do:
                - wait: { listen: { to: { one: { with: { type: go } } } } }
                - then: { call: http, with: { method: get, endpoint: http://effect/then } }`)
      const long = (effects.long = gated(() => 'long'))
      const then = (effects.then = gated(() => 'then'))
      const outcome = run()
      await long.reached
      await engine.publish([event('go', 1)])
      await then.reached
      await engine.suspend(await world.id())
      await engine.resume(await world.id())
      then.open()
      long.open()
      expect(await outcome).toMatchObject({ status: 'completed' })
    })

    it('an event is heard beside an effect that takes long, also where both began while more was being recorded', async () => {
      const call = (name: string) =>
        `{ ${name}: { call: http, with: { method: get, endpoint: http://effect/${name} } } }`
      const { engine, run, effects } = await given(`
do:
  - all:
      fork:
        branches:
          - ${call('one')}
          - ${call('two')}
          - ${call('three')}
          - other:
              do:
                - ${call('four')}
                - both: { fork: { branches: [ ${call('long')}, { hear: { do: [ { go: { listen: { to: { one: { with: { type: go } } } } } }, ${call('then')} ] } } ] } }`)
      const together = ['one', 'two', 'three', 'four'].map((name) => (effects[name] = gated(() => name)))
      const long = (effects.long = gated(() => 'long'))
      const then = (effects.then = gated(() => 'then'))
      const outcome = run()
      for (const { reached } of together) await reached
      for (const { open } of together) open()
      await long.reached
      await engine.publish([event('go', 1)])
      await then.reached
      then.open()
      long.open()
      expect(await outcome).toMatchObject({ status: 'completed' })
    })

    it('every run that waits for an event gets it', async () => {
      const { engine, run } = await given(listening)
      const outcomes = [run(), run(), run()]
      await Promise.all(world.started)
      await engine.publish([event('go', 5)])
      expect(await Promise.all(outcomes)).toEqual(Array(3).fill({ status: 'completed', output: [5] }))
    })

    it('events come in the order in which they were received', async () => {
      const { engine, run } = await given(`
do:
  - hear: { listen: { to: { any: [ { with: { type: go } } ], until: 'length == 20' } } }`)
      const outcome = run()
      const numbers = Array.from({ length: 20 }, (_, index) => index)
      for (let at = 0; at < 20; at += 5)
        await engine.publish(numbers.slice(at, at + 5).map((n) => event('go', n)))
      expect(await outcome).toMatchObject({ output: numbers })
    })

    it('two listeners of one run share the events between them', async () => {
      const { engine, run } = await given(`
do:
  - both:
      fork:
        branches:
          - a: { listen: { to: { one: { with: { type: go } } } } }
          - b: { listen: { to: { one: { with: { type: go } } } } }`)
      const outcome = run()
      await engine.publish([event('go', 1), event('go', 2)])
      const { output } = (await outcome) as { output: Json[] }
      expect(output.flat().sort()).toEqual([1, 2])
    })

    it('what one run emits another hears', async () => {
      const { run } = await given(
        listening,
        named('teller', 'do: [ { tell: { emit: { event: { with: { type: go, data: 9 } } } } } ]'),
      )
      const heard = run()
      await world.start('teller')
      expect(await heard).toMatchObject({ output: [9] })
    })

    it('an event starts the pipelines that are scheduled on it, once', async () => {
      const { engine, effects, requests } = await given(`
schedule: { on: { one: { with: { type: order } } } }
do:
  - note: { call: http, with: { method: get, endpoint: http://effect/note, body: '\${ .[0].data }' } }`)
      const notes = collected(effects, 'note')
      await engine.publish([event('order', 1, 'a'), event('other', 2), event('order', 3)])
      await engine.publish([event('order', 1, 'a')])
      await notes.of(2)
      await world.crash()
      await world.engine.publish([event('order', 1, 'a'), event('order', 4)])
      // An effect that was under way comes again after a crash, but with the run and key that it had.
      const keys = () => new Set(requests.map(({ idempotencyKey }) => idempotencyKey)).size
      await expect.poll(keys, { timeout: 30_000 }).toBe(3)
      await settled()
      expect(keys()).toBe(3)
      expect(new Set(await notes.of(3))).toEqual(new Set([1, 3, 4]))
    })

    it('a schedule on several events starts when the last of those that belong together has come', async () => {
      const { engine, effects } = await given(`
schedule:
  on:
    all:
      - with: { type: ordered }
        correlate: { order: { from: .data.order } }
      - with: { type: paid }
        correlate: { order: { from: .data.order } }
do:
  - note: { call: http, with: { method: get, endpoint: http://effect/note, body: '\${ map(.type + (.data.order | tostring)) }' } }`)
      const notes = collected(effects, 'note')
      await engine.publish([event('ordered', { order: 1 }), event('ordered', { order: 2 })])
      await world.crash()
      await world.engine.publish([event('paid', { order: 2 }), event('paid', { order: 3 })])
      expect(await notes.of(1)).toEqual([['ordered2', 'paid2']])
    })

    it('refuses what is not an event', async () => {
      const { engine } = await given()
      expect(await codeOf(engine.publish([{ ...event('go', 1), id: '' }]))).toBe('SLUSE-EVENT-INVALID')
    })
  })

  describe(`${name}: commands`, () => {
    it('cancelling interrupts what is under way', async () => {
      const { engine, run, effects, started } = await given(callOnce('hang'))
      const aborted = new Promise<void>((resolve) => {
        effects.hang = (_, signal) => new Promise(() => signal.addEventListener('abort', () => resolve()))
      })
      const outcome = run()
      await world.called('hang')
      await engine.cancel(await (started[0] as Promise<string>))
      await aborted
      expect(await outcome).toEqual({ status: 'cancelled' })
    })

    it('a run that waits can be cancelled after a restart, and only once', async () => {
      const { run } = await given('do: [ { wait: { wait: { hours: 1 } } } ]')
      void run()
      const id = await world.begun()
      await world.restart()
      await world.engine.cancel(id)
      expect(await world.engine.outcome(id)).toEqual({ status: 'cancelled' })
      expect(await codeOf(world.engine.cancel(id))).toBe('SLUSE-RUN-ENDED')
    })

    it.each(['stay', 'crash'] as const)(
      'a suspended run keeps what comes until it is resumed (%s)',
      async (kind) => {
        const { engine, run, effects, count } = await given(`
do:
  - one: { call: http, with: { method: get, endpoint: http://effect/one } }
  - two: { call: http, with: { method: get, endpoint: http://effect/two, body: '\${ . }' } }`)
        const gate = (effects.one = gated(() => 1))
        effects.two = (input) => input
        const outcome = run()
        await gate.reached
        const id = await world.id()
        await engine.suspend(id)
        expect(await codeOf(engine.suspend(id))).toBe('SLUSE-RUN-STATE')
        gate.open()
        await settled()
        expect(count('two')).toBe(0)
        if (kind === 'crash') await world.crash()
        await world.engine.resume(id)
        const ended = kind === 'crash' ? world.engine.outcome(id) : outcome
        expect(await ended).toEqual({ status: 'completed', output: 1 })
        expect([count('one'), count('two')]).toEqual([1, 1])
      },
    )

    it('a suspended run can be cancelled', async () => {
      const { engine, run } = await given('do: [ { wait: { wait: { hours: 1 } } } ]')
      void run()
      const id = await world.begun()
      await engine.suspend(id)
      await engine.cancel(id)
      expect(await engine.outcome(id)).toEqual({ status: 'cancelled' })
    })

    it.each(['cancel', 'suspend'] as const)(
      'a %s whose record cannot be written is refused, has not happened, and holds up nothing',
      async (command) => {
        const { engine, run } = await given(
          'do: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]',
        )
        const outcome = run()
        const id = await world.begun()
        const impossible = { sql: 'DELETE FROM marks WHERE name = ?', parameters: ['none'], expect: 1 }
        expect(await codeOf(engine[command](id, 'anna', [impossible]))).toBe('SLUSE-STORE-CHANGED')
        await engine.publish([event('go', 3)])
        expect(await outcome).toEqual({ status: 'completed', output: [3] })
      },
    )

    it('events that come while a run is suspended are heard when it is resumed', async () => {
      const { engine, run } = await given(
        'do: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]',
      )
      const outcome = run()
      const id = await world.begun()
      await engine.suspend(id)
      await engine.publish([event('go', 3)])
      await settled()
      await engine.resume(id)
      expect(await outcome).toEqual({ status: 'completed', output: [3] })
    })
  })

  describe(`${name}: in the middle of effects that come one after the other`, () => {
    const call = (effect: string) =>
      `{ ${effect}: { call: http, with: { method: get, endpoint: http://effect/${effect}, body: '\${ . }' } } }`
    const definition = `do: [ ${['one', 'two', 'three'].map(call).join(', ')} ]`
    const counts = () => ['one', 'two', 'three'].map(world.count)

    /** A run whose second effect is under way. */
    async function inTheMiddle() {
      const { engine, run, effects } = await given(definition)
      effects.one = () => 1
      const two = (effects.two = gated(() => 2))
      effects.three = (input) => [input, 3]
      const outcome = run()
      await two.reached
      return { engine, effects, two, outcome, id: await world.id() }
    }

    it('a cancel happens at once, though the effect under way does not heed it, and nothing more begins', async () => {
      const { engine, two, outcome, id } = await inTheMiddle()
      await engine.cancel(id)
      expect(await outcome).toEqual({ status: 'cancelled' })
      two.open()
      await settled()
      expect(counts()).toEqual([1, 1, 0])
    })

    it('a suspend happens at once; what was under way is recorded, and nothing more begins until it is resumed', async () => {
      const { engine, two, outcome, id } = await inTheMiddle()
      await engine.suspend(id)
      two.open()
      await settled()
      expect(counts()).toEqual([1, 1, 0])
      await engine.resume(id)
      expect(await outcome).toEqual({ status: 'completed', output: [2, 3] })
      expect(counts()).toEqual([1, 1, 1])
    })

    it('a run that is suspended and resumed while its effect is under way waits for that one', async () => {
      const { engine, two, outcome, id } = await inTheMiddle()
      for (let times = 0; times < 3; times++) {
        await engine.suspend(id)
        await engine.resume(id)
      }
      two.open()
      expect(await outcome).toEqual({ status: 'completed', output: [2, 3] })
      expect(counts()).toEqual([1, 1, 1])
    })

    it('a run that was suspended there and crashed goes on there when it is resumed', async () => {
      const { engine, effects, id } = await inTheMiddle()
      await engine.suspend(id)
      effects.two = () => 'again'
      await world.crash()
      await settled()
      expect(world.count('three')).toBe(0)
      await world.engine.resume(id)
      expect(await world.outcome()).toEqual({ status: 'completed', output: ['again', 3] })
      expect(counts()).toEqual([1, 2, 1])
    })

    it('a run that is suspended there can be cancelled there', async () => {
      const { engine, two, outcome, id } = await inTheMiddle()
      await engine.suspend(id)
      await engine.cancel(id)
      expect(await outcome).toEqual({ status: 'cancelled' })
      two.open()
      await settled()
      expect(counts()).toEqual([1, 1, 0])
    })

    it('what several people order at the same time is done once, and written where it was done', async () => {
      const { engine, outcome, id } = await inTheMiddle()
      const people = ['anna', 'bo', 'clara', 'dan']
      const refused = await Promise.all(people.map((by) => codeOf(engine.cancel(id, by, [noting(by)]))))
      expect(await outcome).toEqual({ status: 'cancelled' })
      expect(refused).toContain(undefined)
      const written = await Promise.all(people.map((by) => wasNoted(by)))
      expect(written).toEqual(refused.map((code) => code === undefined))
    })

    it('a rerun takes what is recorded, and the run that it was made from goes on', async () => {
      const { engine, effects, two, outcome, id } = await inTheMiddle()
      effects.two = () => 'rerun'
      const again = await engine.rerun(id, { from: '/do/1/two' })
      expect(await engine.outcome(again.id)).toEqual({ status: 'completed', output: ['rerun', 3] })
      two.open()
      expect(await outcome).toEqual({ status: 'completed', output: [2, 3] })
      expect(counts()).toEqual([1, 2, 2])
    })

    it('a rerun of a run that was cancelled there takes what was recorded; also when it crashes itself', async () => {
      const { engine, effects, id } = await inTheMiddle()
      await engine.cancel(id)
      const three = (effects.three = gated(() => 3))
      effects.two = () => 'rerun'
      const again = await engine.rerun(id, { from: '/do/1/two' })
      await three.reached
      effects.three = (input) => [input, 3]
      await world.crash()
      expect(await world.engine.outcome(again.id)).toEqual({ status: 'completed', output: ['rerun', 3] })
      expect(counts()).toEqual([1, 2, 2])
    })
  })

  describe(`${name}: reruns`, () => {
    const three = `
do:
  - one: { call: http, with: { method: get, endpoint: http://effect/one } }
  - two: { call: http, with: { method: get, endpoint: http://effect/two, body: '\${ . }' } }
  - three: { call: http, with: { method: get, endpoint: http://effect/three, body: '\${ . }' } }`

    it('begins at the task and keeps what had come before', async () => {
      const { engine, run, effects, count } = await given(three)
      effects.one = () => 'first'
      effects.two = () => {
        throw fault('communication', 'down')
      }
      expect(await run()).toMatchObject({ status: 'faulted' })
      effects.two = (input) => `${String(input)} two`
      effects.three = (input) => `${String(input)} three`
      const { id } = await engine.rerun(await world.id(), { from: '/do/1/two' })
      expect(await engine.outcome(id)).toEqual({ status: 'completed', output: 'first two three' })
      expect(count('one')).toBe(1)
    })

    it('gives the task the input that one asks for', async () => {
      const { engine, run, effects } = await given(three)
      effects.two = (input) => input
      effects.three = (input) => input
      await run()
      const { id } = await engine.rerun(await world.id(), { from: '/do/1/two', input: 'edited' })
      expect(await engine.outcome(id)).toEqual({ status: 'completed', output: 'edited' })
    })

    it('begins anew where no task is given', async () => {
      const { engine, run, count } = await given(callOnce('echo'))
      await run({ a: 1 })
      const { id } = await engine.rerun(await world.id(), { input: { a: 2 } })
      expect(await engine.outcome(id)).toEqual({ status: 'completed', output: { a: 2 } })
      expect(count('echo')).toBe(2)
    })

    it('keeps what branches beside the task had come to', async () => {
      const { engine, run, effects, count } = await given(`
do:
  - both:
      fork:
        branches:
          - left: { do: [ { wait: { wait: { milliseconds: 50 } } }, { call: { call: http, with: { method: get, endpoint: http://effect/left } } } ] }
          - right: { do: [ { call: { call: http, with: { method: get, endpoint: http://effect/right } } }, { bad: { call: http, with: { method: get, endpoint: http://effect/bad } } } ] }`)
      effects.left = () => 'left'
      effects.right = () => 'right'
      const gate = (effects.bad = gated(() => {
        throw fault('communication', 'down')
      }))
      const outcome = run()
      await world.called('left')
      await settled()
      gate.open()
      expect(await outcome).toMatchObject({ status: 'faulted' })
      effects.bad = () => 'good'
      const { id } = await engine.rerun(await world.id(), {
        from: '/do/0/both/fork/branches/1/right/do/1/bad',
      })
      expect(await engine.outcome(id)).toEqual({ status: 'completed', output: ['left', 'good'] })
      expect([count('left'), count('right')]).toEqual([1, 1])
    })

    it('finds the tasks of the newest definition by their names', async () => {
      const { engine, run, effects, count } = await given(three)
      effects.one = () => 'first'
      effects.two = (input) => input
      await run()
      await engine.deploy([
        define(
          `
do:
  - zero: { set: { zero: true } }
  - one: { call: http, with: { method: get, endpoint: http://effect/one } }
  - two: { call: http, with: { method: get, endpoint: http://effect/two, body: { of: '\${ . }' } } }`,
          { version: '1.1.0' },
        ),
      ])
      const { id } = await engine.rerun(await world.id(), { from: '/do/1/two', definition: 'newest' })
      expect(await engine.outcome(id)).toEqual({ status: 'completed', output: { of: 'first' } })
      expect(count('one')).toBe(1)
    })

    it('refuses a task that the run never began', async () => {
      const { engine, run } = await given(callOnce('echo'))
      await run()
      expect(await codeOf(engine.rerun(await world.id(), { from: '/do/7/none' }))).toBe('SLUSE-RUN-TASK')
    })
  })

  describe(`${name}: a pipeline that is disabled`, () => {
    const main = { namespace: 'test', name: 'main' }
    const start = () => codeOf(world.start('main'))

    it('starts no run, until it is enabled again; also after a crash', async () => {
      const { engine, run } = await given(callOnce('echo'))
      await run()
      await engine.setEnabled(main, false)
      expect(await start()).toBe('SLUSE-PIPELINE-DISABLED')
      expect(await codeOf(engine.rerun(await world.id(), {}))).toBe('SLUSE-PIPELINE-DISABLED')
      await world.crash()
      expect(await start()).toBe('SLUSE-PIPELINE-DISABLED')
      await world.engine.setEnabled(main, true)
      expect(await world.run({ n: 1 })).toEqual({ status: 'completed', output: { n: 1 } })
    })

    it('lets its runs under way go on, and answers for one that a key had started', async () => {
      const { engine, effects, run } = await given(callOnce('gate'))
      const gate = (effects.gate = gated(() => 'done'))
      const once = { definition: { ...main, version: 'latest' }, idempotencyKey: 'k' }
      const { id } = await engine.start(once)
      const outcome = run()
      await gate.reached
      await engine.setEnabled(main, false)
      expect(await engine.start(once)).toEqual({ id, existing: true })
      gate.open()
      expect(await outcome).toMatchObject({ status: 'completed' })
    })

    it('is a configuration fault for a run that would start it', async () => {
      const { engine, run } = await given(
        'do: [ { below: { run: { workflow: { namespace: test, name: child, version: latest } } } } ]',
        named('child', callOnce('echo')),
      )
      await engine.setEnabled({ namespace: 'test', name: 'child' }, false)
      expect(await run()).toMatchObject({
        error: { type: expect.stringMatching(/configuration$/), detail: expect.stringContaining('disabled') },
      })
    })

    it('takes the events that would have started it when it is enabled again, and no event twice', async () => {
      const { engine, effects } = await given(`
schedule: { on: { one: { with: { type: order } } }, read: data }
do: [ { take: { call: http, with: { method: get, endpoint: http://effect/take, body: '\${ . }' } } } ]`)
      const taken = collected(effects, 'take')
      await engine.publish([event('order', 1)])
      await taken.of(1)
      await engine.setEnabled(main, false)
      await engine.publish([event('order', 2), event('other', 3)])
      await settled()
      await world.restart()
      expect(await taken.of(1)).toEqual([[1]])
      await world.engine.setEnabled(main, true)
      await world.engine.publish([event('order', 4)])
      // Each has a run of its own, and the runs are under way at the same time.
      expect(new Set((await taken.of(3)).flat())).toEqual(new Set([1, 2, 4]))
    })
  })

  describe(`${name}: children`, () => {
    const parent = `do: [ { below: { run: { workflow: { namespace: test, name: child, version: latest, input: { n: 1 } } } } } ]`

    it("a child's output is the task's", async () => {
      const { run } = await given(parent, named('child', `do: [ { add: { set: { n: '\${ .n + 1 }' } } } ]`))
      expect(await run()).toEqual({ status: 'completed', output: { n: 2 } })
    })

    it("a child's fault is raised at the task", async () => {
      const { run } = await given(
        parent,
        named(
          'child',
          'do: [ { fail: { raise: { error: { type: https://example.com/bad, status: 422 } } } } ]',
        ),
      )
      expect(await run()).toMatchObject({ error: { type: 'https://example.com/bad', status: 422 } })
    })

    it('a parent and its child go on after a crash, the child started once', async () => {
      const { run, effects, count } = await given(parent, named('child', callOnce('gate')))
      const gate = (effects.gate = gated(() => 'done'))
      void run()
      await gate.reached
      effects.gate = () => 'done'
      await world.crash()
      expect(await world.outcome()).toEqual({ status: 'completed', output: 'done' })
      expect(count('gate')).toBe(2)
    })

    it('cancelling a parent cancels its child', async () => {
      const { engine, run, effects } = await given(parent, named('child', callOnce('hang')))
      const aborted = new Promise<void>((resolve) => {
        effects.hang = (_, signal) => new Promise(() => signal.addEventListener('abort', () => resolve()))
      })
      const outcome = run()
      await world.called('hang')
      await engine.cancel(await world.id())
      await aborted
      expect(await outcome).toEqual({ status: 'cancelled' })
    })

    it('a pipeline that runs itself for ever is stopped and told so', async () => {
      const itself =
        'do: [ { again: { run: { workflow: { namespace: test, name: main, version: 1.0.0 } } } } ]'
      const { run } = await given(itself)
      expect(await run()).toMatchObject({
        status: 'faulted',
        error: { detail: expect.stringContaining('deep') },
      })
    })

    it('a child that does not exist is a configuration fault', async () => {
      const { run } = await given(parent)
      expect(await run()).toMatchObject({ error: { type: expect.stringMatching(/configuration$/) } })
    })
  })

  describe(`${name}: activities`, () => {
    it('one that is put off is carried out again at its time, and no task sees it', async () => {
      const { run, effects, requests } = await given(callOnce('later'))
      effects.later = () => {
        if (requests.length === 1) throw new Postponed(Date.now() + 30, 2, 'the breaker is open')
        return 'now'
      }
      expect(await run()).toEqual({ status: 'completed', output: 'now' })
      expect(requests.map(({ attempt }) => attempt)).toEqual([0, 2])
      expect(new Set(requests.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1)
    })

    it.each(['SLUSE-STORE-UNREACHABLE', 'SLUSE-CLOSING'] as const)(
      'one that this installation could not carry out (%s) has not failed, and is carried out again',
      async (code) => {
        const { run, effects, requests } = await given(callOnce('later'))
        effects.later = () => {
          if (requests.length === 1) throw new SluseError(code)
          return 'now'
        }
        expect(await run()).toEqual({ status: 'completed', output: 'now' })
        expect(requests.map(({ attempt }) => attempt)).toEqual([0, 0])
      },
    )

    it('one that nobody waits for runs apart from its run, also after a crash', async () => {
      const { run, effects } = await given(
        'do: [ { go: { run: { await: false, shell: { command: echo } } } } ]',
      )
      const gate = (effects.shell = gated(() => null))
      expect(await run({ a: 1 })).toEqual({ status: 'completed', output: { a: 1 } })
      await gate.reached
      const again = (effects.shell = gated(() => null))
      await world.crash()
      await again.reached
      again.open()
    })

    it('secrets reach the activity, and only those that the definition lists', async () => {
      const { run, requests, secrets } = await given(`
use: { secrets: [ token ] }
do: [ { call: { call: http, with: { method: get, endpoint: http://effect/echo } } } ]`)
      Object.assign(secrets, { token: 'topsecret', other: 'not for you' })
      await run()
      expect(requests[0]?.secrets).toEqual({ token: 'topsecret' })
    })
  })
}

type Effect = (input: Json, signal: AbortSignal) => Json | Promise<Json>

/** One engine with effects that the test decides on. An HTTP call to `http://effect/<name>` is the effect `name`. */
class World {
  readonly effects: { [name: string]: Effect } = { echo: (input) => input }
  readonly requests: ActivityRequest[] = []
  readonly secrets: { [name: string]: Json } = {}
  readonly started: Promise<string>[] = []
  readonly #calls: string[] = []
  #opened: Opened | undefined
  #waiting: (() => void)[] = []

  static async open(open: Open): Promise<World> {
    const world = new World()
    world.#opened = await open({
      activities: (request) => world.#perform(request),
      secrets: async () => world.secrets,
    })
    return world
  }

  get engine(): Engine {
    if (!this.#opened) throw new Error('not open')
    return this.#opened.engine
  }

  readonly run = async (input?: Json): Promise<Outcome> => {
    const id = this.start('main', input)
    return this.engine.outcome(await id)
  }

  readonly count = (effect: string): number => this.#calls.filter((call) => call === effect).length

  start(name: string, input?: Json): Promise<string> {
    const definition = { namespace: 'test', name, version: 'latest' }
    const request = { definition, ...(input !== undefined && { input }) }
    const id = this.engine.start(request).then((run) => run.id)
    this.started.push(id)
    return id
  }

  /** The id of the first run. */
  async id(): Promise<string> {
    const [first] = this.started
    if (!first) throw new Error('nothing was started')
    return first
  }

  /** The first run is durable, and has had time to come to wait. */
  async begun(): Promise<string> {
    const id = await this.id()
    await settled()
    return id
  }

  async outcome(): Promise<Outcome> {
    return this.engine.outcome(await this.id())
  }

  async called(effect: string): Promise<void> {
    while (this.count(effect) === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  restart = () => this.#opened?.restart()
  crash = () => this.#opened?.crash()
  close = () => this.#opened?.close()

  async #perform(request: ActivityRequest): Promise<Json> {
    this.requests.push(request)
    const { input, kind } = request
    const endpoint = isObject(input) && isObject(input.endpoint) ? String(input.endpoint.uri) : kind
    const name = endpoint.split('/').at(-1) ?? kind
    this.#calls.push(name)
    for (const resolve of this.#waiting.splice(0)) resolve()
    const body = isObject(input) ? (input.body ?? null) : null
    const effect = this.effects[name] ?? ((value: Json) => value)
    return effect(body, request.signal)
  }
}

/** An effect that waits until it is let go. */
function gated(then: Effect): Effect & { reached: Promise<void>; open: () => void } {
  let reach = () => {}
  let open = () => {}
  const reached = new Promise<void>((resolve) => (reach = resolve))
  const opened = new Promise<void>((resolve) => (open = resolve))
  const effect: Effect = async (input, signal) => {
    reach()
    await opened
    return then(input, signal)
  }
  return Object.assign(effect, { reached, open: () => open() })
}

/** Gathers the inputs of an effect. */
function collected(
  effects: { [name: string]: Effect },
  name: string,
): { of(count: number): Promise<Json[]> } {
  const inputs: Json[] = []
  let told = () => {}
  effects[name] = (input) => {
    inputs.push(input)
    told()
    return null
  }
  return {
    async of(count) {
      while (inputs.length < count) await new Promise<void>((resolve) => (told = resolve))
      return inputs
    },
  }
}

/** Long enough for what can happen to have happened; no test fails by its being too long or too short. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100))
}

export function define(body: string, { name = 'main', version = '1.0.0' } = {}): Definition {
  const own = /^name: (\S+)$/m.exec(body)?.[1]
  const rest = body.replace(/^name: \S+$/m, '')
  const text = `document: { dsl: '1.0.3', namespace: test, name: ${own ?? name}, version: '${version}' }\n${rest}\n`
  const { definition, findings } = load(text)
  if (!definition) throw new Error(findings.map(({ message }) => message).join('\n'))
  return definition
}

/** A statement of the record of a command. */
function noting(mark: string): Statement {
  return { sql: 'INSERT INTO marks (name, value) VALUES (?, 1)', parameters: [mark] }
}

function named(name: string, body: string): string {
  return `name: ${name}\n${body}`
}

function callOnce(effect: string): string {
  return `do: [ { call: { call: http, with: { method: get, endpoint: http://effect/${effect}, body: '\${ . }' } } } ]`
}

let events = 0

function event(type: string, data: Json, id = `id-${++events}`): CloudEvent {
  return { specversion: '1.0', id, source: '/test', type, data }
}

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise
    return undefined
  } catch (error) {
    return hasCode(error, (error as { code: never }).code) ? (error as { code: string }).code : String(error)
  }
}
