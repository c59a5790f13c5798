import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { examineEngine } from '../../src/app/examine-engine.ts'
import { keyOf, serverOf } from '../../src/app/open-engine.ts'
import { readSettings, type Settings } from '../../src/config/index.ts'
import { openDatabase } from '../../src/database/index.ts'
import { openTemporalEngine } from '../../src/engines/index.ts'
import { define } from '../../src/engines/testing/engine-suite.ts'
import { workflowBundle } from '../../src/engines/testing/workflow-bundle.ts'
import { createTestAuthority } from '../servers/internet/certificates.ts'
import { hasTemporal, startTemporal, type TemporalServer } from '../servers/temporal/index.ts'

describe.skipIf(!hasTemporal())('a Temporal that speaks TLS with those that it knows', () => {
  const authority = createTestAuthority()
  const stranger = createTestAuthority('Another authority')
  const taskQueue = `test-${randomUUID()}`
  let folder: string
  let temporal: TemporalServer
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluse-tls-'))
    const ours = authority.issue('worker.example.dk')
    const strange = stranger.issue('worker.example.dk')
    const files = {
      'ca.pem': authority.certificate,
      'ours.pem': ours.certificate,
      'ours.key': ours.key,
      'other-ca.pem': stranger.certificate,
      'strange.pem': strange.certificate,
      'strange.key': strange.key,
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    temporal = await startTemporal({}, authority)
  }, 90_000)
  afterAll(async () => {
    await temporal?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const settingsWith = async (more: { [name: string]: string }): Promise<Settings> => {
    const files = Object.entries(more).map(([name, value]) => [
      name,
      /\.(pem|key)$/.test(value) ? join(folder, value) : value,
    ])
    const environment = {
      SLUSE_ENGINE: 'temporal',
      SLUSE_DATABASE_URL: 'postgres://sluse@127.0.0.1/sluse',
      SLUSE_TEMPORAL_ADDRESS: temporal.address,
      SLUSE_TEMPORAL_NAMESPACE: temporal.namespace,
      SLUSE_TEMPORAL_TASK_QUEUE: taskQueue,
      SLUSE_TEMPORAL_KEY: 'ab'.repeat(32),
      ...(Object.fromEntries(files) as { [name: string]: string }),
    }
    return (await readSettings({ environment, flags: { project: folder } })).settings
  }
  const right = {
    SLUSE_TEMPORAL_CA: 'ca.pem',
    SLUSE_TEMPORAL_CERTIFICATE: 'ours.pem',
    SLUSE_TEMPORAL_CERTIFICATE_KEY: 'ours.key',
  }
  const examined = async (more: { [name: string]: string }) => examineEngine(await settingsWith(more))

  test('is spoken to with the right authority and certificate, and carries runs out', async () => {
    expect(await examined(right)).toMatchObject([
      { name: 'engine', state: 'good' },
      {
        name: 'temporal',
        state: 'good',
        message: expect.stringMatching(
          /^Temporal \d+\.\d+\.\d+ at .* has the namespace sluse-test\. Ended workflows are kept for 1 day\.$/,
        ) as string,
      },
      {
        name: 'workers',
        state: 'note',
        message: expect.stringMatching(/sluse serve --role worker/) as string,
      },
    ])
    const settings = await settingsWith(right)
    const database = await openDatabase({ folder: join(folder, 'data') })
    const engine = await openTemporalEngine({
      database,
      activities: async () => 'done',
      server: await serverOf(settings),
      key: keyOf(settings),
      bundle: workflowBundle(),
    })
    try {
      const call = '{ call: http, with: { method: get, endpoint: http://effect/x } }'
      const { id } = await engine.start({ definition: define(`do: [ { one: ${call} } ]`), input: {} })
      expect(await engine.outcome(id)).toEqual({ status: 'completed', output: 'done' })
      const [, , workers] = await examined(right)
      expect(workers?.message).toMatch(/^[1-9]\d* take work from the queue/)
    } finally {
      await engine.close(0)
      await database.close()
    }
  })

  test.concurrent.each([
    [
      'another authority',
      { ...right, SLUSE_TEMPORAL_CA: 'other-ca.pem' },
      /not of an authority that is trusted/,
    ],
    ['no certificate', { SLUSE_TEMPORAL_CA: 'ca.pem' }, /does not take our certificate/],
    [
      'the certificate of a stranger',
      { ...right, SLUSE_TEMPORAL_CERTIFICATE: 'strange.pem', SLUSE_TEMPORAL_CERTIFICATE_KEY: 'strange.key' },
      /does not take our certificate/,
    ],
    ['no TLS', {}, /It speaks TLS: set SLUSE_TEMPORAL_TLS/],
    ['another namespace', { ...right, SLUSE_TEMPORAL_NAMESPACE: 'none' }, /SLUSE-TEMPORAL-NAMESPACE/],
    [
      'an address where nothing is',
      { ...right, SLUSE_TEMPORAL_ADDRESS: '127.0.0.1:1' },
      /Nothing listens there/,
    ],
    ['no address', { ...right, SLUSE_TEMPORAL_ADDRESS: 'temporal' }, /not of the form host:port/],
  ])('says what is wrong with %s', async (_, more, message) => {
    const [engine, found, ...rest] = await examined(more)
    expect(engine).toMatchObject({ name: 'engine', state: 'good' })
    expect(found).toMatchObject({ name: 'temporal', state: 'bad' })
    expect(found?.message).toMatch(message)
    expect(rest).toEqual([])
  })

  test.each([
    ['a key of another form', { SLUSE_TEMPORAL_KEY: 'abc' }, /must be 64 hexadecimal digits/],
    ['a certificate without its key', { SLUSE_TEMPORAL_CERTIFICATE: 'ours.pem' }, /belong together/],
    [
      'a file that is not there',
      { SLUSE_TEMPORAL_CA: 'none.pem' },
      /SLUSE_TEMPORAL_CA: .*none\.pem cannot be read/,
    ],
    ['no database', { SLUSE_DATABASE_URL: '' }, /Records must be on PostgreSQL/],
  ])('says what is wrong with %s before it asks anybody', async (_, more, message) => {
    const found = await examined(more)
    expect(found).toMatchObject([{ name: 'engine', state: 'bad' }])
    expect(found[0]?.message).toMatch(message)
  })
})
