import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import ssh2, { type ParsedKey } from 'ssh2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasSftpServer, startSftp, type SftpServer } from '../../../test/servers/sftp/index.ts'
import { faultOf } from '../../http/testing/index.ts'
import type { JsonObject } from '../../workflow/index.ts'
import { batch, connectorSuite, readAll } from '../testing/connector-suite.ts'
import { readText } from '../testing/documents.ts'
import { connect, createHost, type TestHost } from '../testing/host.ts'
import { keysOfFile, keysOfLines } from './host-keys.ts'
import { sftp } from './index.ts'

describe('the keys of a server', () => {
  const key = Buffer.from('AAAAkey')
  const line = `ssh-ed25519 ${key.toString('base64')}`

  test.each([
    ['db.example', 22, `db.example ${line}`, true],
    ['db.example', 22, `*.example,other ${line} comment`, true],
    ['db.example', 22, `*.example,!db.example ${line}`, false],
    ['db.example', 2222, `db.example ${line}`, false],
    ['db.example', 2222, `[db.example]:2222 ${line}`, true],
    ['db.example', 22, `@revoked db.example ${line}`, false],
    ['dbxexample', 22, `db.example ${line}`, false],
  ])('of %s:%i by the line %s: %s', (host, port, text, known) => {
    expect(keysOfFile(`# a comment\n${text}\n`, host, port).includes(key)).toBe(known)
  })

  test('are found by a hashed name', () => {
    const salt = Buffer.from('01234567890123456789')
    const digest = createHmac('sha1', salt).update('db.example').digest('base64')
    expect(
      keysOfFile(`|1|${salt.toString('base64')}|${digest} ${line}`, 'db.example', 22).includes(key),
    ).toBe(true)
  })

  test('of none known none is right', () => {
    expect(keysOfLines('').includes(key)).toBe(false)
    expect(keysOfLines('ssh-rsa AAAA').algorithms).toEqual(['rsa-sha2-512', 'rsa-sha2-256'])
  })
})

describe.skipIf(!hasSftpServer())('with a real server', () => {
  let server: SftpServer
  let host: TestHost
  beforeAll(async () => {
    server = await startSftp()
    host = createHost()
  })
  afterAll(async () => {
    await server?.stop()
    await host?.close()
  })
  const { signal } = new AbortController()
  const open = (more: { [key: string]: string } = {}, without: string[] = []) => {
    const { address, username, privateKey, hostPublicKey, folder } = server
    const all = { address, username, privateKey, hostPublicKey, rootPath: folder, ...more }
    return connect(
      sftp,
      Object.fromEntries(Object.entries(all).filter(([key]) => !without.includes(key))),
      host,
    )
  }
  const options: JsonObject = {
    path: 'in/data.csv',
    csv: { delimiter: ';', columns: { id: { type: 'integer' }, name: { type: 'text' } } },
  }

  connectorSuite(
    'SFTP',
    async () => ({
      open,
      close: async () => {},
      source: {
        async put(records) {
          mkdirSync(join(server.folder, 'in'), { recursive: true })
          const rows = records.map(({ id, name }) => `${String(id)};${String(name)}\r\n`)
          writeFileSync(join(server.folder, 'in/data.csv'), `id;name\r\n${rows.join('')}`)
          return options
        },
      },
      target: {
        modes: ['append', 'replace'],
        async clear() {
          rmSync(join(server.folder, 'in'), { recursive: true, force: true })
          return options
        },
        contents: async () =>
          existsSync(join(server.folder, 'in/data.csv'))
            ? (
                await readText(readFileSync(join(server.folder, 'in/data.csv')), options, {
                  name: 'data.csv',
                })
              ).records
            : [],
        refused: { id: 1, other: 2 },
      },
      broken: [
        { open: () => open({ privateKey: server.strangeKey }), says: /did not let us in/ },
        { open: () => open({ privateKey: 'no key' }), says: /privateKey cannot be read/ },
        { open: () => open({ privateKey: server.lockedPrivateKey }), says: /privateKey cannot be read/ },
        { open: () => open({ address: '127.0.0.1:1' }), says: /refused the connection/ },
        { open: () => open({ rootPath: '/none/there' }), says: /does not exist/ },
        { open: () => open({}, ['hostPublicKey']), says: /not known by the key that it shows \(SHA256:/ },
      ],
    }),
    { source: true, modes: ['append', 'replace'], refuses: true },
  )

  test('it signs in with a locked key, and knows the server by any of its keys, a fingerprint or a file', async () => {
    const { hostPublicKey, hostEcdsaKey, address, lockedPrivateKey, passphrase } = server
    const [ip, port] = address.split(':')
    writeFileSync(join(host.projectFolder, 'known_hosts'), `[${ip}]:${port} ${hostEcdsaKey}\n`)
    const check = async (more: { [key: string]: string }, without: string[] = []) => {
      const connection = open(more, without)
      try {
        return await connection.check(signal)
      } finally {
        await connection.close()
      }
    }
    await check({ privateKey: lockedPrivateKey, privateKeyPassphrase: passphrase })
    await check({ hostPublicKey: hostEcdsaKey })
    await check({ knownHostsFile: 'known_hosts' }, ['hostPublicKey'])
    const other = await faultOf(
      check({ hostPublicKey: 'SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }),
    )
    const shown = /\((SHA256:[^)]+)\)/.exec(other.detail ?? '')?.[1] ?? ''
    await check({ hostPublicKey: shown })
    expect(hostPublicKey).toMatch(/^ssh-ed25519/)
  })

  test('a large file comes whole and in order, and goes back so', async () => {
    const lines = Array.from({ length: 60_000 }, (_, n) => ({ n, text: `linje ${n} æøå` }))
    writeFileSync(join(server.folder, 'large.ndjson'), lines.map((it) => `${JSON.stringify(it)}\n`).join(''))
    const connection = open()
    const source = connection.source?.({ path: 'large.ndjson' })
    const found = await readAll(source as never, null, signal, { batchSize: 10_000 })
    expect(found.flatMap(({ records }) => records)).toEqual(lines)
    const target = connection.target?.({ path: 'out/large.ndjson' })
    const delivery = await target?.begin({
      mode: 'replace',
      key: [],
      deliveryId: 'd',
      state: null,
      concurrency: 1,
      signal,
    })
    await delivery?.write(batch(lines, 0), signal)
    await delivery?.finish(signal)
    await connection.close()
    expect(statSync(join(server.folder, 'out/large.ndjson')).size).toBe(
      statSync(join(server.folder, 'large.ndjson')).size,
    )
    expect(readdirSync(join(server.folder, 'out'))).toEqual(['large.ndjson'])
  })

  test('a path never leads out of its folder', async () => {
    const connection = open()
    for (const path of ['../x.csv', '/../../etc/x.csv', 'a/../../x.csv']) {
      const target = connection.target?.({ path })
      const fault = await faultOf(
        (async () =>
          target?.begin({
            mode: 'replace',
            key: [],
            deliveryId: 'd',
            state: null,
            concurrency: 1,
            signal,
          }))(),
      )
      expect(fault.detail, path).toMatch(/leads out/)
    }
    await connection.close()
  })

  test('files are moved when they are done', async () => {
    mkdirSync(join(server.folder, 'box'), { recursive: true })
    writeFileSync(join(server.folder, 'box/a.csv'), 'n\n1\n')
    const connection = open()
    const source = connection.source?.({ path: 'box/*.csv', done: { move: 'box/done' } })
    const found = await readAll(source as never, null, signal)
    await source?.confirm?.(found.at(-1)?.position ?? null, signal)
    await source?.confirm?.(found.at(-1)?.position ?? null, signal)
    await connection.close()
    expect(readdirSync(join(server.folder, 'box'))).toEqual(['done'])
  })

  test('a server that goes away in the middle is a fault, and the delivery goes on when it is back', async () => {
    const connection = open()
    const begin = (state: JsonObject | null) =>
      connection
        .target?.({ path: 'crash.ndjson' })
        .begin({ mode: 'replace', key: [], deliveryId: 'd', state, concurrency: 1, signal })
    const first = await begin(null)
    const { state } = (await first?.write(batch([{ n: 1 }], 0), signal)) ?? { state: null }
    await first?.flush?.(signal)
    await server.kill()
    expect((await faultOf((async () => first?.write(batch([{ n: 2 }], 1), signal))())).type).toMatch(
      /communication$/,
    )
    await server.start()
    const second = await begin(state as JsonObject)
    await second?.write(batch([{ n: 2 }], 1), signal)
    await second?.finish(signal)
    await connection.close()
    expect(readFileSync(join(server.folder, 'crash.ndjson'), 'utf8')).toBe('{"n":1}\n{"n":2}\n')
  })
})

/** A server that lets in by password alone: OpenSSH takes those of the machine's own users, whom a test has not. */
async function passwordServer(username: string, password: string) {
  const pem = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  }).privateKey
  const key = ssh2.utils.parseKey(pem) as ParsedKey
  const asked: string[] = []
  const server = new ssh2.Server({ hostKeys: [pem] }, (client) => {
    client.on('error', () => {})
    client.on('authentication', (context) => {
      asked.push(context.method)
      const right =
        context.method === 'password' && context.username === username && context.password === password
      if (right) context.accept()
      else context.reject(['password'])
    })
    client.on('session', (accept) => {
      accept().on('sftp', (acceptSftp) => {
        const stream = acceptSftp()
        stream.on('OPENDIR', (id) => stream.handle(id, Buffer.from('0')))
        stream.on('READDIR', (id) => stream.status(id, ssh2.utils.sftp.STATUS_CODE.EOF))
        stream.on('CLOSE', (id) => stream.status(id, ssh2.utils.sftp.STATUS_CODE.OK))
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const hostPublicKey = `ssh-rsa ${key.getPublicSSH().toString('base64')}`
  return { address: `127.0.0.1:${port}`, hostPublicKey, asked, close: () => server.close() }
}

describe('a password', () => {
  const { signal } = new AbortController()
  let server: Awaited<ReturnType<typeof passwordServer>>
  let host: TestHost
  beforeAll(async () => {
    server = await passwordServer('andeby', 'right')
    host = createHost()
  })
  afterAll(async () => {
    server.close()
    await host.close()
  })
  const check = async (more: { [key: string]: string }) => {
    const { address, hostPublicKey } = server
    const connection = connect(
      sftp,
      { address, hostPublicKey, rootPath: '/', username: 'andeby', ...more },
      host,
    )
    try {
      return await connection.check(signal)
    } finally {
      await connection.close()
    }
  }

  test('that is right signs in', async () => {
    expect(await check({ password: 'right' })).toMatch(/^Signed in to 127\.0\.0\.1:\d+ as andeby/)
  })

  test('that is wrong does not, and is not repeated in what is told', async () => {
    const { detail } = await faultOf(check({ password: 'wrong-password' }))
    expect(detail).toMatch(/did not let us in/)
    expect(detail).not.toContain('wrong-password')
  })

  test('is never sent to a server with another key', async () => {
    server.asked.length = 0
    const hostPublicKey = `SHA256:${'A'.repeat(43)}`
    expect((await faultOf(check({ password: 'right', hostPublicKey }))).detail).toMatch(
      /is not known by the key/,
    )
    expect(server.asked).not.toContain('password')
  })
})
