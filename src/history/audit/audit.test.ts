import { join } from 'node:path'
import Sqlite from 'libsql'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../database/index.ts'
import { ask, overDatabases, testDatabase, type TestDatabase } from '../../database/testing/databases.ts'
import { openAuditLog, verifyAudit, verifyExport, type AuditLog } from './index.ts'

overDatabases((kind) => {
  let records: TestDatabase
  let database: Database
  let audit: AuditLog
  let time = Date.UTC(2026, 0, 1)
  beforeEach(async () => {
    records = await testDatabase(kind)
    database = await records.open()
    audit = openAuditLog(database, () => time++)
  })
  afterEach(() => records.remove())

  const entry = (resource: string) => ({
    who: { subject: 'anna', roles: ['approver@grants'] },
    action: 'approvals.decide',
    resource,
    outcome: 'done' as const,
    details: { b: 1, a: [{ d: 1, c: 2 }] },
  })
  const write = async (many: number) => {
    for (let at = 1; at <= many; at++) await audit.write(entry(`approval/${at}`))
  }

  /** As somebody would who has the file: past the server, and past the triggers. */
  const tamper = async (...statements: string[]) => {
    const triggers = ['DROP TRIGGER audit_is_not_changed', 'DROP TRIGGER audit_is_not_deleted']
    const { folder, options } = records
    if (options.url !== undefined) {
      await ask(options.url, [...triggers.map((drop) => `${drop} ON audit`), ...statements].join(';'))
      return
    }
    const file = new Sqlite(join(folder, 'sluse.db'))
    file.exec('PRAGMA busy_timeout = 5000')
    for (const sql of [...triggers, ...statements]) file.exec(sql)
    file.close()
  }
  const faults = async (anchors = [] as { number: number; hash: string }[]) => {
    const { ok, faults: found } = await verifyAudit(database, anchors)
    expect(ok).toBe(found.length === 0)
    return found.map(({ number, what }) => `${number} ${what}`)
  }

  test('an untouched log is found to be so, whoever wrote at the same time', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, at) => audit.write(entry(`approval/${at}`))))
    await database.commit([...audit.entry(entry('with-something-else'))])
    expect(await verifyAudit(database)).toMatchObject({ ok: true, entries: 51, head: { number: 51 } })
  })

  test('an entry and what it tells are written together or not at all', async () => {
    const told = { sql: 'INSERT INTO marks (name, value) VALUES (?, ?)', parameters: ['x', 1] }
    await database.commit([told, ...audit.entry(entry('a'))])
    await expect(database.commit([...audit.entry(entry('b')), told])).rejects.toThrow('SLUSE-STORE')
    expect((await audit.list()).entries.map(({ resource }) => resource)).toEqual(['a'])
    await audit.write(entry('c'))
    expect(await faults()).toEqual([])
  })

  describe('tampering is found, and the entry named:', () => {
    beforeEach(() => write(6))

    test('the database itself refuses to change or delete an entry', async () => {
      await expect(
        database.commit([{ sql: "UPDATE audit SET outcome = 'x' WHERE number = ?", parameters: [1] }]),
      ).rejects.toThrow()
      await expect(
        database.commit([{ sql: 'DELETE FROM audit WHERE number = ?', parameters: [1] }]),
      ).rejects.toThrow()
    })

    test('one changed entry', async () => {
      await tamper(`UPDATE audit SET entry = replace(entry, 'anna', 'otto') WHERE number = 3`)
      expect(await faults()).toEqual([
        '3 It was changed, or the entry before it: its hash does not follow.',
        '3 Its column subject is not as the entry says.',
      ])
    })

    test('a column by which entries are searched', async () => {
      await tamper(`UPDATE audit SET subject = 'otto' WHERE number = 4`)
      expect(await faults()).toEqual(['4 Its column subject is not as the entry says.'])
    })

    test('an entry taken out of the middle', async () => {
      await tamper('DELETE FROM audit WHERE number = 2')
      expect(await faults()).toContain('2 It is missing.')
    })

    test('the last entries taken away', async () => {
      await tamper('DELETE FROM audit WHERE number > 4')
      expect(await faults()).toEqual(['5 Entries 5 to 6 are missing.'])
    })

    test('all entries taken away', async () => {
      await tamper('DELETE FROM audit')
      expect(await faults()).toEqual(['1 Entries 1 to 6 are missing.'])
    })

    test('the last entries and the head: by an anchor that was kept elsewhere', async () => {
      const { head } = await verifyAudit(database)
      await tamper(
        'DELETE FROM audit WHERE number > 4',
        'UPDATE audit_head SET number = 4, hash = (SELECT hash FROM audit WHERE number = 4)',
      )
      expect(await faults()).toEqual([])
      expect(await faults(head ? [head] : [])).toEqual(['5 Entries 5 to 6 are missing.'])
    })

    test('an entry written past the server', async () => {
      await tamper(
        `INSERT INTO audit SELECT 7, hash, at, subject, action, resource, namespace, outcome, entry FROM audit WHERE number = 6`,
      )
      expect(await faults()).toEqual([
        '7 It was changed, or the entry before it: its hash does not follow.',
        '7 It was not written by Sluse: the log ended before it.',
      ])
    })
  })

  test('an export is verified without the database', async () => {
    await write(4)
    const records = []
    for await (const record of audit.all()) records.push(JSON.parse(JSON.stringify(record)) as typeof record)
    expect(await verifyExport(records)).toMatchObject({ ok: true, entries: 4 })
    const changed = records.map((record) =>
      record.number === 2 ? { ...record, who: { subject: 'otto' } } : record,
    )
    expect((await verifyExport(changed)).faults.map(({ number }) => number)).toEqual([2])
  })

  test('the log is searched, newest first, a page at a time', async () => {
    await write(5)
    const first = await audit.list({ limit: 2 })
    expect(first.entries.map(({ number }) => number)).toEqual([5, 4])
    const second = await audit.list({ limit: 10, ...(first.next && { cursor: first.next }) })
    expect(second.entries.map(({ number }) => number)).toEqual([3, 2, 1])
    expect((await audit.list({ resource: 'approval/2' })).entries).toHaveLength(1)
    expect((await audit.list({ subject: 'otto' })).entries).toEqual([])
    expect((await audit.list({ from: 'nonsense', to: 'nonsense' })).entries).toEqual([])
  })
})
