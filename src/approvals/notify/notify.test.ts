import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../database/index.ts'
import { overDatabases, testDatabase, type TestDatabase } from '../../database/testing/databases.ts'
import { ManualClock } from '../../engines/testing/manual-clock.ts'
import { createHttpClient } from '../../http/index.ts'
import type { NoticeContent } from '../notices.ts'
import { emailChannel } from './email.ts'
import { openOutbox, type Channel } from './outbox.ts'
import { messageOf } from './templates.ts'
import { webhookChannel } from './webhook.ts'

overDatabases((kind) => {
  let records: TestDatabase
  let database: Database
  let clock: ManualClock
  const closing: (() => unknown)[] = []
  beforeEach(async () => {
    records = await testDatabase(kind)
    database = await records.open({ exclusive: false })
    clock = new ManualClock('2026-03-02T08:00:00Z')
  })
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
    await records.remove()
  })

  const content: NoticeContent = {
    kind: 'asked',
    approval: 'a1',
    namespace: 'grants',
    pipeline: 'grant-application',
    title: 'Tilskud til Åse',
    language: 'da',
    timezone: 'Europe/Copenhagen',
    deadline: '2026-03-06T23:00:00.000Z',
    status: 'open',
    name: 'Anna And',
  }
  const add = async (id: string, channel = 'email', recipient = 'anna@by.dk') =>
    database.commit([
      {
        sql: `INSERT INTO notifications (id, channel, recipient, content, created_at, due_at, attempts) VALUES (?, ?, ?, ?, ?, ?, 0)`,
        parameters: [id, channel, recipient, JSON.stringify(content), clock.now(), clock.now()],
      },
    ])
  const rows = async () =>
    database.query<{
      id: string
      sent_at: number | null
      attempts: number
      error: string | null
      due_at: number | null
    }>('SELECT * FROM notifications ORDER BY number')
  const open = (channels: { email?: Channel; webhook?: Channel }) => {
    const outbox = openOutbox({ database, clock, channels, log: () => {} })
    closing.push(() => outbox.close())
    return outbox
  }

  /** A real mail server; `refuse` answers each mail with a temporary error. */
  async function mailServer(options: { refuse?: boolean; login?: { user: string; pass: string } } = {}) {
    const mails: string[] = []
    const { refuse = false, login } = options
    const server = new SMTPServer({
      authOptional: login === undefined,
      allowInsecureAuth: true,
      ...(login === undefined && { hideSTARTTLS: true }),
      onAuth: ({ username, password }, _session, done) =>
        username === login?.user && password === login?.pass
          ? done(null, { user: username })
          : done(new Error('no')),
      onData: (stream, _session, done) => {
        let text = ''
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
        stream.on('end', () => {
          if (refuse) return done(Object.assign(new Error('try again later'), { responseCode: 451 }))
          mails.push(text)
          done()
        })
      },
    })
    server.on('error', () => {})
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.server.address() as AddressInfo
    closing.push(() => new Promise<void>((done) => server.close(done)))
    return { mails, port }
  }
  const mailer = async (port: number, more = {}) => {
    const channel = await emailChannel({
      server: `smtp://127.0.0.1:${port}`,
      from: 'Sluse <sluse@by.dk>',
      showTitle: false,
      link: (id) => `https://sluse.by.dk/approvals/${id}`,
      ...more,
    })
    closing.push(() => channel.close())
    return channel
  }

  describe('a mail', () => {
    test('reaches the mail server, in the language of who is written to', async () => {
      const { mails, port } = await mailServer()
      await add('n1')
      open({ email: await mailer(port) })
      await expect.poll(async () => (await rows())[0]?.sent_at, { timeout: 10_000 }).toBe(clock.now())
      expect(mails).toHaveLength(1)
      expect(mails[0]).toContain('To: Anna And <anna@by.dk>')
      expect(mails[0]).toContain('Auto-Submitted: auto-generated')
      expect(mails[0]).toContain('https://sluse.by.dk/approvals/a1')
      expect(mails[0]).not.toContain('Tilskud')
    })

    test('says what waits, until when, and that following the link decides nothing', () => {
      const { subject, text } = messageOf(content, 'https://s/approvals/a1', false)
      expect(subject).toBe('Til godkendelse: en godkendelse (grant-application)')
      expect(text).toContain('Hej Anna And')
      expect(text).toContain('Frist: 6. marts 2026 kl. 23.59')
      expect(text).toContain('Intet bliver godkendt ved at åbne linket.')
      const english = messageOf({ ...content, language: 'en' }, 'https://s/approvals/a1', true)
      expect(english.subject).toBe('For your approval: Tilskud til Åse')
      expect(english.text).toContain('Deadline: 6 March 2026 at 23:59')
      expect(english.text).toContain('Opening the link approves nothing.')
    })

    test('cannot be given further headers or recipients by a title or a name', async () => {
      const { mails, port } = await mailServer()
      const evil = { ...content, title: 'x\r\nBcc: evil@example.dk', name: 'A\r\nBcc: evil@example.dk' }
      const channel = await mailer(port, { showTitle: true })
      await channel({ id: 'n', recipient: 'anna@by.dk', content: evil })
      expect(mails[0]).not.toMatch(/^Bcc:/m)
      expect(mails[0]).toContain('Hej A Bcc: evil@example.dk')
    })
  })

  describe('the outbox', () => {
    test('sends what it did not come to before it ended, once a mail server is there', async () => {
      await add('n1')
      await add('n2')
      const down = open({ email: await mailer(9) })
      await expect
        .poll(async () => (await rows()).every(({ attempts }) => attempts === 1), { timeout: 10_000 })
        .toBe(true)
      await down.close()
      await database.close()
      database = await records.open({ exclusive: false })
      const { mails, port } = await mailServer()
      clock.advance(60_000)
      open({ email: await mailer(port) })
      await expect
        .poll(async () => (await rows()).every(({ sent_at }) => sent_at !== null), { timeout: 10_000 })
        .toBe(true)
      expect(mails).toHaveLength(2)
    })

    test('of two on one database sends each notice once', async () => {
      const sent: string[] = []
      const email: Channel = async ({ id }) => void sent.push(id)
      const ids = Array.from({ length: 12 }, (_, at) => `n${at}`)
      for (const id of ids) await add(id)
      const other = kind === 'PostgreSQL' ? await records.open({ exclusive: false }) : database
      open({ email })
      const second = openOutbox({ database: other, clock, channels: { email }, log: () => {} })
      closing.push(() => second.close())
      await expect
        .poll(async () => (await rows()).every(({ sent_at }) => sent_at !== null), { timeout: 10_000 })
        .toBe(true)
      expect(sent.sort()).toEqual(ids.sort())
    })

    test('sends again what it cannot know to have been sent, under the same message id', async () => {
      const { mails, port } = await mailServer()
      const email = await mailer(port)
      await add('n1')
      // Sent, and ended before that was written down.
      await email({ id: 'n1', recipient: 'anna@by.dk', content })
      open({ email })
      await expect.poll(async () => (await rows())[0]?.sent_at, { timeout: 10_000 }).not.toBeNull()
      const ids = mails.map((mail) => /^Message-ID: (.+)$/im.exec(mail)?.[1])
      expect(ids).toHaveLength(2)
      expect(ids[0]).toBe(ids[1])
    })

    test('tries ever less often, gives up at last, and says why', async () => {
      let attempts = 0
      await add('n1')
      open({
        email: async () => {
          attempts++
          throw new Error('no route')
        },
      })
      await expect.poll(async () => (await rows())[0]?.attempts, { timeout: 10_000 }).toBe(1)
      for (let seen = 1; seen < 55; seen++) {
        clock.advance(3_600_000)
        await expect.poll(async () => (await rows())[0]?.attempts, { timeout: 10_000 }).toBe(seen + 1)
      }
      expect(await rows()).toMatchObject([{ attempts: 55, due_at: null, sent_at: null, error: 'no route' }])
      expect(attempts).toBe(55)
    })
  })

  test('a webhook is posted as a signed CloudEvent without the title, and again where it fails', async () => {
    const got: { signature: string; body: string }[] = []
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        got.push({ signature: String(request.headers['sluse-signature']), body })
        response.writeHead(got.length === 1 ? 503 : 204).end()
      })
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    closing.push(() => new Promise((done) => server.close(done)))
    const http = createHttpClient({ environment: {} })
    closing.push(() => http.close())
    await add('n1', 'webhook', '')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    open({ webhook: webhookChannel({ url, secret: 'abc', http, link: (id) => `https://s/${id}` }) })
    await expect.poll(async () => (await rows())[0]?.attempts, { timeout: 10_000 }).toBe(1)
    clock.advance(30_000)
    await expect.poll(async () => (await rows())[0]?.sent_at, { timeout: 10_000 }).toBe(clock.now())
    const [, { signature, body } = { signature: '', body: '' }] = got
    expect(signature).toBe(`sha256=${createHmac('sha256', 'abc').update(body).digest('hex')}`)
    expect(JSON.parse(body)).toMatchObject({
      specversion: '1.0',
      id: 'n1',
      type: 'dk.sluse.approval.asked.v1',
      subject: 'a1',
      data: { pipeline: 'grant-application', link: 'https://s/a1' },
    })
    expect(body).not.toContain('Tilskud')
  })
})
