import { afterEach, expect, test } from 'vitest'
import type { Database } from '../database/index.ts'
import { overDatabases, testDatabase, type TestDatabase } from '../database/testing/databases.ts'
import type { EngineHealth } from '../engines/index.ts'
import { openProcesses, type Processes, type ProcessInfo } from './processes.ts'

overDatabases((kind) => {
  let store: TestDatabase
  let database: Database
  let time = 1_000_000
  const opened: Processes[] = []
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close()
    await store.remove()
  })

  const open = (role: 'api' | 'worker', health: Partial<EngineHealth> = {}, shared = true) => {
    const full = { writable: true, liveRuns: 0, activitiesRunning: 0, activitiesWaiting: 0, stuckRuns: 0 }
    const one = openProcesses({
      ...{ database, role, shared, now: () => time, beatEvery: 5 },
      health: () => ({ ...full, worker: role === 'api' ? 'none' : 'running', leads: false, ...health }),
    })
    opened.push(one)
    return one
  }

  async function seen(by: Processes, holds: (all: readonly ProcessInfo[]) => boolean) {
    for (;;) {
      const all = await by.list()
      if (holds(all)) return all
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  test('each knows of the others, what they do, and when one ends or dies', async () => {
    store = await testDatabase(kind)
    database = await store.open()
    const api = open('api')
    const worker = open('worker', { leads: true, liveRuns: 7 })
    const both = await seen(api, (all) => all.length === 2)
    expect(both.find(({ self }) => self)).toMatchObject({ role: 'api', works: false, state: 'alive' })
    const told = { role: 'worker', works: true, leads: true, liveRuns: 7, state: 'alive', self: false }
    expect(both.find(({ self }) => !self)).toMatchObject(told)

    worker.stopping()
    await seen(api, (all) => all.some(({ state }) => state === 'stopping'))
    await worker.close()
    expect(await api.list()).toHaveLength(1)

    const dead = { ...{ host: 'elsewhere', pid: 3, role: 'worker', version: '1' } }
    const health = { stopping: false, works: true, leads: true, liveRuns: 3, activitiesRunning: 1 }
    await database.commit([
      {
        sql: `INSERT INTO processes (id, host, pid, role, version, started_at, seen_at, health)
              VALUES ('dead', ?, ?, ?, ?, ?, ?, ?)`,
        parameters: [...Object.values(dead), time, time, JSON.stringify(health)],
      },
    ])
    time += 60_000
    const left = await seen(api, (all) => all.length === 2)
    const silent = { id: 'dead', state: 'gone', works: false, leads: false, liveRuns: 0 }
    expect(left.find(({ self }) => !self)).toMatchObject({ ...dead, ...silent })
    time += 86_400_000
    await seen(api, (all) => all.length === 1)
  })

  test('one that has the installation for itself writes nothing down', async () => {
    store = await testDatabase(kind)
    database = await store.open()
    const alone = open('api', { worker: 'running', leads: true }, false)
    expect(await alone.list()).toMatchObject([{ self: true, works: true, leads: true, state: 'alive' }])
    expect(await database.query('SELECT * FROM processes')).toEqual([])
  })
})
