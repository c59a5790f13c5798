import { describe, expect, it } from 'vitest'
import type { Database, Statement } from '../../database/index.ts'
import { SluseError } from '../../errors.ts'
import type { Unit } from '../run/unit.ts'
import { GroupCommit } from './group-commit.ts'

/** A database that keeps the statements of each commit; `refuse` says which it does not take. */
function fake(refuse: (statements: readonly Statement[]) => SluseError | undefined = () => undefined) {
  const commits: string[][] = []
  const logged: string[] = []
  const database: Database = {
    query: async () => [],
    commit: async (statements) => {
      await new Promise(setImmediate)
      const error = refuse(statements)
      if (error) throw error
      commits.push(statements.map(({ sql }) => sql))
    },
    onCommit: () => () => {},
    close: async () => {},
  }
  const group = new GroupCommit(database, { journal: 0, inbox: 0 }, (_, message) => logged.push(message))
  return { group, commits, logged }
}

const unit = (sql: string, more: Partial<Unit> = {}): Unit => ({ statements: [{ sql }], ...more })
const feed = (run: number, data: string): Unit => ({ feed: { run, data } })

describe('a group commit', () => {
  it('writes what is due together, and what comes meanwhile together after it', async () => {
    const { group, commits } = fake()
    group.add(unit('a'))
    group.add(unit('b'))
    await new Promise(setImmediate)
    group.add(unit('c'))
    group.add(unit('d'))
    await group.drained()
    expect(commits).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
  })

  it('tells each only after its commit, in order', async () => {
    const { group, commits } = fake()
    const told: string[] = []
    group.add(unit('a', { durable: () => told.push(`a ${commits.length}`) }))
    group.add(unit('b', { durable: () => told.push(`b ${commits.length}`) }))
    expect(told).toEqual([])
    await group.drained()
    expect(told).toEqual(['a 1', 'b 1'])
  })

  it('answers who waits when the disk is full, keeps what runs did, and goes on when it can', async () => {
    let full = true
    const { group, commits, logged } = fake(() => (full ? new SluseError('SLUSE-STORE-FULL') : undefined))
    group.add(feed(1, 'one'))
    await expect(group.write(unit('asked'))).rejects.toMatchObject({ code: 'SLUSE-STORE-FULL' })
    expect(group.writable).toBe(false)
    group.add(feed(1, 'two'))
    full = false
    await group.drained()
    expect(commits).toHaveLength(1)
    expect(commits[0]?.join()).not.toContain('asked')
    expect(group.writable).toBe(true)
    expect(logged).toHaveLength(2)
  })

  it('does not let one that can never be written hold up the others', async () => {
    const bad = (statements: readonly Statement[]) => statements.some(({ sql }) => sql === 'bad')
    const { group, commits } = fake((all) => (bad(all) ? new SluseError('SLUSE-STORE') : undefined))
    const refused = group.write(unit('bad'))
    group.add(unit('a'))
    const good = group.write(unit('b'))
    await expect(refused).rejects.toMatchObject({ code: 'SLUSE-STORE' })
    await good
    expect(commits.flat()).toEqual(['a', 'b'])
  })

  it('numbers rows in the order in which they are written', async () => {
    const { group } = fake()
    group.add({ events: [['s', '1', 't', 0, 0, '{}']] })
    group.add(feed(1, 'x'))
    group.add({ events: [['s', '2', 't', 0, 0, '{}']] })
    await group.drained()
    expect([group.nextEvent, group.lastRow]).toEqual([3, 1])
  })

  it('holds back what builds on a unit that cannot be written, of a run or of a schedule, and nothing else', async () => {
    let bad = true
    const { group, commits } = fake((statements) =>
      bad && statements.some(({ sql }) => sql === 'bad')
        ? new SluseError('SLUSE-STORE', '(test)')
        : undefined,
    )
    group.add(unit('bad', { schedule: 1 }))
    group.add(unit('after it', { schedule: 1 }))
    group.add(unit('other', { schedule: 2 }))
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(commits).toEqual([['other']])
    bad = false
    await group.drained()
    expect(commits).toEqual([['other'], ['bad', 'after it']])
  })

  it('never writes again what is written, whatever fails after it', async () => {
    const { group, commits, logged } = fake()
    group.add(
      unit('a', {
        durable: () => {
          throw new Error('a defect')
        },
      }),
    )
    group.add(unit('b'))
    await group.drained()
    expect(commits).toEqual([['a', 'b']])
    expect(logged).toEqual(['What follows from a commit failed.'])
  })
})
