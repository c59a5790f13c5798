import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { left, live } from '../crash/server-life.ts'
import { program } from '../program.ts'
import { postgresBinaries, startPostgres, type PostgresServer } from '../servers/postgres/index.ts'
import { findIn } from './search-stores.ts'
import { hasSftpServer, startSftp, type SftpServer } from '../servers/sftp/index.ts'

const example = fileURLToPath(new URL('../../examples/nightly-payments', import.meta.url))
const sample = readFileSync(join(example, 'payments-2026-11-23.csv'), 'latin1')
const rows = 30_000

let sftp: SftpServer
let postgres: PostgresServer
let database: pg.Client
let upload: string
let project: string
/** By the last run, on both of its outputs. */
let told = ''

/** The example as it is, but for the addresses, and the key in place of a password. */
function copyExample(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluse-nightly-payments-'))
  cpSync(example, folder, { recursive: true })
  const change = (file: string, changes: { [from: string]: string }) => {
    const path = join(folder, 'connections', file)
    let text = readFileSync(path, 'utf8')
    for (const [from, to] of Object.entries(changes)) {
      expect(text).toContain(from)
      text = text.replace(from, () => to)
    }
    writeFileSync(path, text)
  }
  change('bank.yaml', {
    "'127.0.0.1:2222'": `'${sftp.address}'`,
    "value: 'upload'": `value: '${upload}'`,
    "'andeby'": `'${sftp.username}'`,
    '{ name: password, secretKeyRef: { name: bankPassword } }':
      '{ name: privateKey, secretKeyRef: { name: bankPassword } }',
    'SHA256:replace-with-the-fingerprint-that-connections-check-prints': sftp.hostPublicKey,
  })
  change('economy.yaml', { "'5432'": `'${postgres.port}'`, "'economy'": `'${postgres.database}'` })
  return folder
}

/** Puts a file there as the bank does, in Windows-1252; the pipeline leaves out files that may still be written. */
function put(name: string, text: string): void {
  writeFileSync(join(upload, name), text, 'latin1')
  const anHourAgo = Date.now() / 1000 - 3600
  utimesSync(join(upload, name), anHourAgo, anHourAgo)
}

async function sluseRun(more: readonly string[] = []): Promise<{ [key: string]: unknown }> {
  const words = [program, 'run', 'nightly-payments', '--output', 'json', ...more]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, words, { cwd: project })
  told = stdout + stderr
  return JSON.parse(stdout) as { [key: string]: unknown }
}

async function table(): Promise<unknown[]> {
  const found = await database.query(
    'select creditor, due::text, cvr, name, amount, account from payments order by creditor',
  )
  return found.rows
}

async function count(): Promise<number> {
  const found = await database.query<{ count: number }>('select count(*)::int as count from payments')
  return found.rows[0]?.count ?? 0
}

describe.skipIf(!hasSftpServer() || postgresBinaries() === undefined)(
  'the example of nightly payments',
  () => {
    beforeAll(async () => {
      sftp = await startSftp()
      postgres = await startPostgres()
      upload = join(sftp.folder, 'upload')
      process.env.SLUSE_SECRET_BANK_PASSWORD = sftp.privateKey
      process.env.SLUSE_SECRET_ECONOMY_PASSWORD = postgres.password
      database = new pg.Client({ ...postgres })
      await database.connect()
      await database.query(readFileSync(join(example, 'schema.sql'), 'utf8'))
    })
    afterAll(async () => {
      delete process.env.SLUSE_SECRET_BANK_PASSWORD
      delete process.env.SLUSE_SECRET_ECONOMY_PASSWORD
      await database?.end()
      await postgres?.stop()
      await sftp?.stop()
    })
    beforeEach(async () => {
      rmSync(upload, { recursive: true, force: true })
      mkdirSync(upload)
      await database.query('truncate payments')
      project = copyExample()
      return () => rmSync(project, { recursive: true, force: true })
    })

    const first = {
      creditor: '000147',
      due: '2026-12-31',
      cvr: '99999926',
      name: 'Ærø Smørrebrød; A/S',
      amount: '-1234.50',
      account: '0012-0004567890',
    }
    const second = {
      creditor: '000148',
      due: '2026-12-15',
      cvr: '99999934',
      name: 'Åen VVS',
      amount: '12000.00',
      account: '0012-0004567891',
    }

    it('fetches the file, puts every payment into the table, and moves the file', async () => {
      put('payments-2026-11-23.csv', sample)
      expect(await sluseRun()).toMatchObject({ read: 3, records: 2, deadLetters: 0 })
      expect(await table()).toEqual([first, second])
      expect(existsSync(join(upload, 'handled', 'payments-2026-11-23.csv'))).toBe(true)
      expect(existsSync(join(upload, 'payments-2026-11-23.csv'))).toBe(false)
    })

    it('with a changed file changes the payments that it has, and adds the new', async () => {
      put('payments-2026-11-23.csv', sample)
      await sluseRun()
      const more = '000149;99999942;Ny Kreditor;Andeby;1,00;01-12-2026;0012-0004567892\r\n'
      put(
        'payments-2026-11-24.csv',
        sample.replace('12.000,00', '13.500,25').replace('I alt', () => `${more}I alt`),
      )
      expect(await sluseRun()).toMatchObject({ records: 3, deadLetters: 0 })
      expect(await table()).toMatchObject([
        first,
        { ...second, amount: '13500.25' },
        { creditor: '000149', name: 'Ny Kreditor', amount: '1.00' },
      ])
    })

    it('leaves nothing in clear of a CPR number that stands where a CVR number should, nor of a secret', async () => {
      put('payments-2026-11-23.csv', sample.replace('99999934', '0101505006'))
      const data = join(project, 'data')
      const output = await sluseRun(['--data', data, '--log-level', 'debug'])
      expect(output).toMatchObject({ records: 1, deadLetters: 1 })
      expect(findIn(data, ['nightly-payments'])).not.toEqual([])
      expect(findIn(data, ['0101505006', postgres.password])).toEqual([])
      expect(told).not.toContain('0101505006')
    })

    it('has every payment once after the process is killed in the middle, twice', async () => {
      const [head = ''] = sample.split(/\r?\n/)
      const lines = Array.from(
        { length: rows },
        (_, n) => `${String(n).padStart(6, '0')};99999926;Kreditor ${n};Andeby;${n},50;31-12-2026;0012-${n}`,
      )
      put('payments-2026-11-23.csv', `${[head, ...lines].join('\r\n')}\r\n`)
      await slowly(async () => {
        let life = await live(project)
        const ask = async (path: string, init?: RequestInit) =>
          (await (await fetch(`${life.url}/api/v1/${path}`, init)).json()) as { [key: string]: unknown }
        try {
          const { id } = await ask('pipelines/andeby/nightly-payments/runs', {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: '{}',
          })
          for (const most of [1, rows / 2]) {
            await expect.poll(count, { timeout: 60_000, interval: 20 }).toBeGreaterThanOrEqual(most)
            await life.end('SIGKILL')
            expect((await left(project)).underWay).toBe(1)
            expect(await count()).toBeLessThan(rows)
            life = await live(project)
          }
          const status = async () => (await ask(`runs/${String(id)}`)).status
          await expect.poll(status, { timeout: 60_000 }).toBe('completed')
          const output = await ask(`runs/${String(id)}/output`)
          expect(output).toMatchObject({ read: rows, records: rows, deadLetters: 0 })
        } finally {
          await life.end('SIGKILL')
        }
      })
      expect(existsSync(join(upload, 'handled', 'payments-2026-11-23.csv'))).toBe(true)
      const { rows: sums } = await database.query<{ count: number; sum: string }>(
        'select count(*)::int as count, sum(amount) as sum from payments',
      )
      expect(sums).toEqual([{ count: rows, sum: ((rows * (rows - 1)) / 2 + rows / 2).toFixed(2) }])
    }, 240_000)
  },
)

/** Each statement that writes takes a while, so that there is a middle to be killed in. */
async function slowly(act: () => Promise<void>): Promise<void> {
  await database.query(`create function wait() returns trigger language plpgsql as
    $$ begin perform pg_sleep(0.1); return null; end $$;
    create trigger wait after insert on payments for each statement execute function wait()`)
  try {
    await act()
  } finally {
    await database.query('drop function wait cascade')
  }
}
