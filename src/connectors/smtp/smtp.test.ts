import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { faultOf } from '../../http/testing/index.ts'
import type { Json } from '../../workflow/index.ts'
import { batch, connectorSuite } from '../testing/connector-suite.ts'
import { connect, createHost, type TestHost } from '../testing/host.ts'
import { smtp } from './index.ts'

const { signal } = new AbortController()
const mails: { to: string[]; content: string }[] = []
let server: SMTPServer
let host: TestHost
beforeAll(async () => {
  host = createHost()
  server = new SMTPServer({
    authOptional: false,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _session, done) =>
      password === 'hemmelig' ? done(null, { user: username }) : done(new Error('Invalid login')),
    onRcptTo: ({ address }, _session, done) => {
      if (address.startsWith('ukendt'))
        return done(Object.assign(new Error('no such user'), { responseCode: 550 }))
      if (address.startsWith('senere'))
        return done(Object.assign(new Error('try later'), { responseCode: 451 }))
      return done()
    },
    onData: (stream, session, done) => {
      const pieces: Buffer[] = []
      stream.on('data', (piece: Buffer) => pieces.push(piece))
      stream.on('end', () => {
        mails.push({
          to: session.envelope.rcptTo.map(({ address }) => address),
          content: Buffer.concat(pieces).toString(),
        })
        done()
      })
    },
  })
  server.on('error', () => {})
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()))
})
afterAll(async () => {
  await new Promise<void>((done) => server.close(() => done()))
  await host.close()
})
const open = (more: { [key: string]: string | number | boolean } = {}) => {
  const { port } = server.server.address() as AddressInfo
  const common = { host: '127.0.0.1', port, user: 'andeby', password: 'hemmelig', allowPlain: true }
  return connect(smtp, { ...common, emailFrom: 'sluse@andeby.example', subject: 'Meddelelse', ...more }, host)
}

connectorSuite(
  'SMTP',
  async () => ({
    open,
    close: async () => {},
    target: {
      modes: ['append'],
      async clear() {
        mails.length = 0
        return { text: 'name', to: 'none' }
      },
      contents: async () =>
        mails.map(({ content }): Json => {
          const id = /Message-ID: <[^@]*-(\d+)@/i.exec(content)?.[1]
          return { id: Number(id) + 1, name: `Åse ${Number(id) + 1}` }
        }),
    },
    broken: [
      { open: () => open({ password: 'wrong' }), says: /did not let us in/ },
      { open: () => open({ port: 1 }), says: /refused the connection/ },
      { open: () => open({ allowPlain: false }), says: /STARTTLS|TLS/ },
    ],
  }),
  {},
)

const send = async (records: Json[]) => {
  const connection = open({ emailTo: 'alle@andeby.example' })
  const delivery = await connection
    .target?.({})
    .begin({ mode: 'append', key: [], deliveryId: 'd', state: null, concurrency: 1, signal })
  try {
    return (await delivery?.write(batch(records, 0), signal))?.refused ?? []
  } finally {
    await connection.close()
  }
}

test('a record is a mail, with its own recipients and files, and an id that repetitions share', async () => {
  mails.length = 0
  const attachments = [
    { name: 'oversigt æ.csv', content: Buffer.from('a;b').toString('base64'), contentType: 'text/csv' },
  ]
  const record = {
    to: ['a@andeby.example', 'b@andeby.example'],
    subject: 'Afgørelse',
    text: 'Hej Åse',
    attachments,
  }
  expect(await send([record, { text: 'Kun tekst' }])).toEqual([])
  expect(mails.map(({ to }) => to)).toEqual([
    ['a@andeby.example', 'b@andeby.example'],
    ['alle@andeby.example'],
  ])
  expect(mails[0]?.content).toMatch(/Message-ID: <delivery-0@sluse.invalid>/i)
  expect(mails[0]?.content).toContain(Buffer.from('a;b').toString('base64'))
  expect(mails[1]?.content).toMatch(/Subject: Meddelelse/)
})

test('a mail that is refused for good is told by its record, one that may go later is not', async () => {
  mails.length = 0
  const refused = await send([
    { to: 'ukendt@andeby.example' },
    { to: 'a@andeby.example' },
    'no mail',
    { to: 'a\r\nRCPT TO:<x>' },
  ])
  expect(refused.map(({ index }) => index)).toEqual([0, 2, 3])
  expect(refused[0]?.problem.detail).toMatch(/550/)
  expect(mails).toHaveLength(1)
  expect((await faultOf(send([{ to: 'senere@andeby.example' }]))).type).toMatch(/communication$/)
})
