import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../database/index.ts'
import { isMissing, testDatabase, type TestDatabase } from '../../database/testing/databases.ts'
import { databaseMembers, Member } from '../../members/index.ts'
import type { Part } from '../parts.ts'
import { Board } from './board.ts'
import { Helper, type PartWork } from './helper.ts'
import { Holds, type HeldJob } from './holds.ts'
import { openJob } from './job-rows.ts'
import { SharedParts, type SharedPartsOptions } from './parts.ts'

describe.skipIf(isMissing('PostgreSQL'))('parts of a job, over several processes', () => {
  let records: TestDatabase
  const closing: (() => unknown)[] = []
  const gates: (() => void)[] = []
  beforeEach(async () => void (records = await testDatabase('PostgreSQL')))
  afterEach(async () => {
    for (const letGo of gates.splice(0)) letGo()
    for (const close of closing.splice(0).reverse()) await close()
    await records.remove()
  })

  const place = { transfer: 't', job: 'read' } as const
  const heldFor = 60_000

  /** A process as far as parts go; `late` is added to what its clock says. */
  async function open(process: string, work?: PartWork['do'], how: Pick<PartWork, 'close'> = {}) {
    const database = await records.open({ exclusive: false })
    const clock = { late: 0 }
    const now = () => Date.now() + clock.late
    const store = databaseMembers(database)
    const member = await Member.join({ store, role: 'worker', version: '1', name: process })
    await member.can({ takesTransfers: true })
    const board = new Board(database, member)
    const holds = new Holds({ database, now, process, heldFor })
    const helper = new Helper({
      ...{ database, holds, board, process: member.identity.id, most: 16, now, log: () => {} },
      work: async () => ({ do: work ?? (async (input) => `${input} by ${process}`), ...how }),
    })
    if (work) helper.start()
    closing.push(async () => {
      await helper.close()
      await member.leave()
      await board.close()
      holds.close()
    })
    return {
      database,
      board,
      holds,
      helper,
      process,
      clock,
      member,
      held: undefined as HeldJob | undefined,
    }
  }
  type Process = Awaited<ReturnType<typeof open>>

  async function take({ database, holds }: Process) {
    if ((await database.query('SELECT * FROM transfer_jobs')).length === 0) {
      await holds.take({ transfer: 't', job: 'lead' })
      await database.commit([openJob(place)])
    }
    const held = await holds.take(place)
    if (!held) throw new Error('Another has the job.')
    return held
  }

  async function partsOf(
    process: Process,
    concurrency: number,
    others = 1,
    options: Partial<SharedPartsOptions> = {},
  ) {
    const held = process.held ?? (await take(process))
    process.held = held
    await until(async () => {
      process.board.poke()
      return (await process.board.next(1000, held.signal))?.processes.length === others + 1
    })
    const { database, board } = process
    const parts = new SharedParts({ database, board, held, concurrency, patienceMs: heldFor, ...options })
    closing.push(() => parts.close())
    return { held, parts }
  }

  const part = (name: string, here: () => Promise<string> = async () => `${name} here`): Part<string> => ({
    here,
    input: async () => name,
    from: async (output) => output,
  })
  const rows = (database: Database) => database.query('SELECT * FROM transfer_parts ORDER BY number')
  async function until(look: () => Promise<boolean>): Promise<void> {
    while (!(await look())) await new Promise((resolve) => setTimeout(resolve, 10))
  }
  /** Something that waits until it is let go. */
  function gate() {
    let letGo = () => {}
    const done = new Promise<void>((resolve) => (letGo = resolve))
    gates.push(letGo)
    return { done, letGo }
  }

  test('are done here and by others, and given in order; nothing is left of them', async () => {
    const busy = gate()
    const holder = await open('holder')
    await open('helper 1', async (input) => `${input} by helper 1`)
    await open('helper 2', async (input) => `${input} by helper 2`)
    const { held, parts } = await partsOf(holder, 3, 2)
    const first = parts.do(part('0', () => busy.done.then(() => '0 here')))
    const rest = Array.from({ length: 20 }, (_, at) => parts.do(part(`${at + 1}`)))
    const outputs = await Promise.all(rest)
    busy.letGo()
    expect(await first).toBe('0 here')
    expect(outputs.map((output) => Number(output.split(' ')[0]))).toEqual(rest.map((_, at) => at + 1))
    expect(outputs.join()).toContain('by helper 1')
    expect(outputs.join()).toContain('by helper 2')
    await held.commit(parts.settled())
    expect(await rows(holder.database)).toEqual([])
  })

  test('are never more at a time than they may be, wherever', async () => {
    const now = { under: 0, most: 0 }
    const work = async (input: string) => {
      now.most = Math.max(now.most, ++now.under)
      await new Promise((resolve) => setTimeout(resolve, 5))
      now.under -= 1
      return input
    }
    const holder = await open('holder')
    await open('helper 1', work)
    await open('helper 2', work)
    const { parts } = await partsOf(holder, 4, 2)
    await Promise.all(Array.from({ length: 40 }, (_, at) => parts.do(part(`${at}`, () => work(`${at}`)))))
    expect(now.most).toBeGreaterThan(1)
    expect(now.most).toBeLessThanOrEqual(4)
  })

  test('are done here where there is nobody else, and no row is written', async () => {
    const holder = await open('holder')
    const { parts } = await partsOf(holder, 4, 0)
    const began = await holder.database.query('SELECT sum(last) AS sum FROM sluse_writers')
    const outputs = await Promise.all(Array.from({ length: 9 }, (_, at) => parts.do(part(`${at}`))))
    expect(outputs).toEqual(outputs.map((_, at) => `${at} here`))
    expect(parts.settled()).toEqual([])
    expect(await holder.database.query('SELECT sum(last) AS sum FROM sluse_writers')).toEqual(began)
  })

  test('that are done quickly here are not offered; those that take long are', async () => {
    const slow = gate()
    const holder = await open('holder')
    await open('helper', async (input) => `${input} by helper`)
    const { parts } = await partsOf(holder, 4, 1, { worthMs: 50 })
    const quick = await Promise.all(Array.from({ length: 40 }, (_, at) => parts.do(part(`${at}`))))
    expect(quick).toEqual(quick.map((_, at) => `${at} here`))
    parts.close()
    const { parts: next } = await partsOf(holder, 4, 1, { worthMs: 50 })
    const mine = [1, 2].map(() => next.do(part('mine', () => slow.done.then(() => 'here'))))
    expect(await next.do(part('another'))).toBe('another by helper')
    slow.letGo()
    await Promise.all(mine)
  })

  test('that nobody takes are taken back', async () => {
    const busy = gate()
    const holder = await open('holder')
    // It says that it is there, and takes nothing.
    await open('idler')
    const { held, parts } = await partsOf(holder, 2)
    const first = parts.do(part('0', () => busy.done.then(() => '0 here')))
    const rest = Array.from({ length: 5 }, (_, at) => parts.do(part(`${at + 1}`)))
    await until(async () => (await rows(holder.database)).length === 1)
    busy.letGo()
    const outputs = await Promise.all([first, ...rest])
    expect(outputs).toEqual(outputs.map((_, at) => `${at} here`))
    await held.commit(parts.settled())
    expect(await rows(holder.database)).toEqual([])
  })

  test('that another cannot do are done here, and what is wrong is found here', async () => {
    const busy = gate()
    const holder = await open('holder')
    await open('helper', async () => {
      throw new Error('not on this machine')
    })
    const { held, parts } = await partsOf(holder, 3, 1, { patienceMs: 250 })
    const first = parts.do(part('0', () => busy.done.then(() => '0 here')))
    const second = parts.do(part('1', () => busy.done.then(() => '1 here')))
    const third = parts.do(part('2'))
    expect(await third).toBe('2 here')
    const fourth = parts.do(part('3', () => Promise.reject(new Error('wrong here as well'))))
    await expect(fourth).rejects.toThrow('wrong here as well')
    busy.letGo()
    expect([await first, await second]).toEqual(['0 here', '1 here'])
    await held.commit(parts.settled())
    expect(await rows(holder.database)).toEqual([])
  })

  test('that one has who stands still are done by another, and what it writes late is dropped', async () => {
    const stuck = gate()
    const busy = gate()
    const holder = await open('holder')
    const frozen = await open('frozen', (input) => stuck.done.then(() => `${input} too late`))
    const { parts } = await partsOf(holder, 2)
    const first = parts.do(part('0', () => busy.done.then(() => '0 here')))
    const second = parts.do(part('1'))
    await until(async () => (await rows(holder.database)).some(({ process }) => process === 'frozen'))
    // It gives no sign of life, and its time is over.
    frozen.holds.close()
    await holder.database.commit([
      { sql: 'UPDATE transfer_parts SET until = ?', parameters: [Date.now() - 1] },
    ])
    await open('other', async (input) => `${input} by other`)
    expect(await second).toBe('1 by other')
    stuck.letGo()
    await frozen.helper.close()
    expect(await rows(holder.database)).toMatchObject([{ output: '1 by other' }])
    busy.letGo()
    expect(await first).toBe('0 here')
  })

  test('that one gives back when it stops are done by another at once', async () => {
    const stuck = gate()
    const busy = gate()
    const holder = await open('holder')
    const stopping = await open('stopping', (_, { signal }) =>
      Promise.race([
        stuck.done.then(() => 'never'),
        new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('stop')))),
      ]),
    )
    const { parts } = await partsOf(holder, 2)
    const first = parts.do(part('0', () => busy.done.then(() => '0 here')))
    const second = parts.do(part('1'))
    await until(async () => (await rows(holder.database)).some(({ process }) => process === 'stopping'))
    await open('other', async (input) => `${input} by other`)
    await stopping.helper.close()
    await stopping.member.leave()
    expect(await second).toBe('1 by other')
    busy.letGo()
    await first
  })

  test('are gone when another takes the job, and whoever had it or a part of it writes nothing', async () => {
    const stuck = gate()
    const busy = gate()
    const holder = await open('holder')
    const helper = await open('helper', (input) => stuck.done.then(() => `${input} by helper`))
    const { held, parts } = await partsOf(holder, 2)
    const first = parts.do(part('0', () => busy.done.then(() => '0 here')))
    const second = parts.do(part('1')).catch((error: unknown) => error)
    await until(async () => (await rows(holder.database)).some(({ process }) => process === 'helper'))
    const next = await open('next')
    next.clock.late = heldFor + 1000
    await holder.database.commit([
      // Somebody leads it still.
      {
        sql: "UPDATE transfer_jobs SET until = ? WHERE job = 'lead'",
        parameters: [Date.now() + 3 * heldFor],
      },
    ])
    const after = await take(next)
    expect(await rows(next.database)).toEqual([])
    expect(await second).toMatchObject({ code: 'SLUSE-STORE-CHANGED' })
    stuck.letGo()
    await helper.helper.close()
    expect(await rows(next.database)).toEqual([])
    await expect(held.commit(parts.settled())).rejects.toMatchObject({ code: 'SLUSE-STORE-CHANGED' })
    busy.letGo()
    await first
    await after.done()
  })

  test('go with the job that they are of, and nobody works on them any more', async () => {
    const [begun, told, busy] = [gate(), gate(), gate()]
    const holder = await open('holder')
    await open('helper', async (_, { signal }) => {
      begun.letGo()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      told.letGo()
      throw signal.reason as Error
    })
    const { held, parts } = await partsOf(holder, 2)
    const first = parts.do(part('0', () => busy.done.then(() => '0 here')))
    const second = parts.do(part('1')).catch((error: unknown) => error)
    await begun.done
    parts.close()
    await held.release()
    expect(await second).toMatchObject({ message: 'The job has ended.' })
    expect(await rows(holder.database)).toEqual([])
    await told.done
    busy.letGo()
    await first
  })

  test('are as many at a time as where nobody shares, while there is nobody else', async () => {
    const busy = gate()
    const holder = await open('holder')
    const { parts } = await partsOf(holder, 2, 0, { alone: 4 })
    let begun = 0
    const all = Array.from({ length: 6 }, (_, at) =>
      parts.do(part(`${at}`, () => (begun++, busy.done.then(() => 'here')))),
    )
    expect(begun).toBe(4)
    busy.letGo()
    await Promise.all(all)
  })

  test('are done by another process that has the same name, as on two machines', async () => {
    const busy = gate()
    const holder = await open('host:1')
    await open('host:1', async (input) => `${input} by the other`)
    const { parts } = await partsOf(holder, 2)
    const first = parts.do(part('0', () => busy.done.then(() => '0 here')))
    expect(await parts.do(part('1'))).toBe('1 by the other')
    busy.letGo()
    await first
  })

  test('are not given up by who does them where for a moment nobody else seems to be there', async () => {
    const [busy, begun, stuck] = [gate(), gate(), gate()]
    let aborted = false
    const holder = await open('holder')
    const helper = await open('helper', async (input, { signal }) => {
      begun.letGo()
      await stuck.done
      aborted = signal.aborted
      return `${input} by helper`
    })
    const { held, parts } = await partsOf(holder, 2)
    const first = parts.do(part('0', () => busy.done.then(() => '0 here')))
    const second = parts.do(part('1'))
    await begun.done
    await holder.member.can({ takesTransfers: false })
    const look = () => {
      helper.board.poke()
      return helper.board.next(1000, held.signal)
    }
    await until(async () => (await look())?.processes.length === 1)
    await look()
    await look()
    stuck.letGo()
    expect(await second).toBe('1 by helper')
    expect(aborted).toBe(false)
    busy.letGo()
    await first
  })

  test('that are taken while the process ends are not begun', async () => {
    const [busy, taken, closed] = [gate(), gate(), gate()]
    const holder = await open('holder')
    const helper = await open('helper', async (input) => `${input} by helper`)
    const takePart = helper.holds.takePart.bind(helper.holds)
    helper.holds.takePart = async (row) => {
      const held = await takePart(row)
      taken.letGo()
      await closed.done
      return held
    }
    const { parts } = await partsOf(holder, 2)
    const first = parts.do(part('0', () => busy.done.then(() => '0 here')))
    const second = parts.do(part('1'))
    await taken.done
    await helper.helper.close()
    closed.letGo()
    busy.letGo()
    expect(await second).toBe('1 here')
    await first
  })

  test('of a job that is put off hold up no look at the others, however slowly what they were done with is closed', async () => {
    const [busy, closing, stuck] = [gate(), gate(), gate()]
    const holder = await open('holder')
    const close = () => {
      closing.letGo()
      return stuck.done
    }
    const helper = await open('helper', async (input) => `${input} by helper`, { close })
    const { held, parts } = await partsOf(holder, 2)
    const first = parts.do(part('0', () => busy.done.then(() => '0 here')))
    expect(await parts.do(part('1'))).toBe('1 by helper')
    busy.letGo()
    await first
    parts.close()
    // Until the source or the target is asked again.
    await held.release(Date.now() + heldFor)
    await closing.done
    const looks = async () => {
      helper.board.poke()
      return helper.board.next(2000, new AbortController().signal)
    }
    await looks()
    expect(await looks()).toBeDefined()
    stuck.letGo()
  })

  test('of a job of which one could not be done are left alone for a while', async () => {
    let tried = 0
    const holder = await open('holder')
    const helper = await open('helper', async () => {
      tried++
      throw new Error('not on this machine')
    })
    const { held, parts } = await partsOf(holder, 2)
    for (let round = 0; round < 3; round++) {
      const busy = gate()
      const first = parts.do(part('first', () => busy.done.then(() => 'here')))
      let ended = false
      const second = parts.do(part('second')).finally(() => (ended = true))
      // Until the helper has had time for it.
      await until(async () => ended || (await rows(holder.database)).some(({ output }) => output === null))
      for (let looks = 0; looks < 2 && !ended; looks++) {
        helper.board.poke()
        await helper.board.next(1000, held.signal)
      }
      if (round === 0) await until(async () => tried > 0)
      busy.letGo()
      await first
      expect(await second).toBe('second here')
    }
    expect(tried).toBe(1)
  })

  test('that are being taken back are not taken for lost, however late the answer is', async () => {
    const [busy, gone, late] = [gate(), gate(), gate()]
    const holder = await open('holder')
    await open('idler')
    const commit = holder.database.commit.bind(holder.database)
    holder.database.commit = async (statements, options) => {
      const written = await commit(statements, options)
      if (statements.length === 1 && statements[0]?.sql.startsWith('DELETE FROM transfer_parts')) {
        gone.letGo()
        await late.done
      }
      return written
    }
    const { held, parts } = await partsOf(holder, 2)
    const first = parts.do(part('0', () => busy.done.then(() => '0 here')))
    const second = parts.do(part('1')).catch((error: unknown) => error)
    await until(async () => (await rows(holder.database)).length === 1)
    busy.letGo()
    await first
    await gone.done
    for (let looks = 0; looks < 2; looks++) {
      holder.board.poke()
      await holder.board.next(1000, held.signal)
    }
    late.letGo()
    expect(await second).toBe('1 here')
  })

  test('whose inputs are much are not offered all at once', async () => {
    const busy = gate()
    const holder = await open('holder')
    await open('idler')
    const much = 'x'.repeat(7 * 1024 * 1024)
    const commits: number[] = []
    let made = 0
    const { held, parts } = await partsOf(holder, 24)
    const commit = held.commit.bind(held)
    held.commit = (statements) => {
      const bytes = statements.flatMap(({ parameters = [] }) => parameters).map((each) => String(each).length)
      commits.push(bytes.reduce((sum, each) => sum + each, 0))
      return commit(statements)
    }
    const all = Array.from({ length: 24 }, (_, at) =>
      parts.do({ ...part(`${at}`, () => busy.done.then(() => 'here')), input: async () => (made++, much) }),
    )
    await until(async () => commits.filter((bytes) => bytes >= much.length).length >= 4)
    // What a part may have counts before it is known what it has.
    expect(made).toBe(4)
    expect(Math.max(...commits)).toBeLessThan(8 * 1024 * 1024)
    const [{ bytes } = { bytes: 0 }] = await holder.database.query<{ bytes: number }>(
      'SELECT sum(length(input)) AS bytes FROM transfer_parts',
    )
    expect(Number(bytes)).toBeLessThanOrEqual(32 * 1024 * 1024)
    busy.letGo()
    await Promise.all(all)
  })

  test('are offered whenever they come, also as others have just been written', async () => {
    const busy = gate()
    const holder = await open('holder')
    await open('helper', async (input) => `${input} by helper`)
    const { held, parts } = await partsOf(holder, 4)
    const commit = held.commit.bind(held)
    let written = gate()
    held.commit = async (statements) => {
      await commit(statements)
      written.letGo()
    }
    const mine = [0, 1].map((at) => parts.do(part(`${at}`, () => busy.done.then(() => 'here'))))
    for (let turns = 0; turns < 8; turns++) {
      written = gate()
      const input = async () => {
        await written.done
        for (let turn = 0; turn < turns; turn++) await undefined
        return 'late'
      }
      const one = parts.do(part('early'))
      const two = parts.do({ ...part('late'), input })
      expect([await one, await two]).toEqual(['early by helper', 'late by helper'])
    }
    busy.letGo()
    await Promise.all(mine)
  })

  test('of which nothing can be made of what another gave are done here', async () => {
    const busy = gate()
    const holder = await open('holder')
    await open('helper', async () => 'nonsense')
    const { parts } = await partsOf(holder, 2)
    const first = parts.do(part('0', () => busy.done.then(() => '0 here')))
    const from = () => Promise.reject(new Error('That is nonsense.'))
    expect(await parts.do({ ...part('1'), from })).toBe('1 here')
    busy.letGo()
    await first
  })

  test('leave nothing at the hold of their job when they are over', async () => {
    const holder = await open('holder')
    const { held, parts } = await partsOf(holder, 2, 0)
    expect(getEventListeners(held.signal, 'abort')).toHaveLength(1)
    parts.close()
    expect(getEventListeners(held.signal, 'abort')).toEqual([])
  })
})
