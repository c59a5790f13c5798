import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readSettings } from './index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluse-settings-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const file = (text: string) => writeFileSync(join(folder, 'sluse.yaml'), text)
const read = async (environment: { [name: string]: string } = {}, flags: { [name: string]: unknown } = {}) =>
  readSettings({ flags, environment: { SLUSE_PROJECT: folder, ...environment }, workingFolder: folder })
const fault = async (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error as { code: string; message: string },
  )

describe('settings', () => {
  test('have their defaults where nobody says anything', async () => {
    const { settings, warnings } = await read()
    expect(settings).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      engine: 'embedded',
      secretsDir: undefined,
    })
    expect(settings.data).toBe(join(folder, '.sluse'))
    expect(warnings).toEqual([])
  })

  test('come from a flag before the environment before the file', async () => {
    file('port: 1001\nhost: ::1\nmaxBodyBytes: 2MB\n')
    const { settings } = await read({ SLUSE_PORT: '1002', SLUSE_HOST: 'localhost' }, { port: '1003' })
    expect(settings).toMatchObject({ port: 1003, host: 'localhost', maxBodyBytes: 2_000_000 })
  })

  test('never show one that holds a secret, and take it from the environment alone', async () => {
    const error = await fault(read({ SLUSE_DATABASE_URL: 'mysql://sluse:hemmelig@db/records' }))
    expect(error?.message).toContain('SLUSE_DATABASE_URL is not valid. It must be postgres://')
    expect(error?.message).not.toContain('hemmelig')
    file('databaseUrl: postgres://sluse:hemmelig@db/records\n')
    expect((await fault(read()))?.message).toContain('no setting for it')
  })

  test('take paths from where they were written', async () => {
    file('data: store\n')
    expect((await read()).settings.data).toBe(join(folder, 'store'))
    const elsewhere = await readSettings({
      environment: { SLUSE_DATA: 'd' },
      flags: { project: folder },
      workingFolder: tmpdir(),
    })
    expect(elsewhere.settings.data).toBe(join(tmpdir(), 'd'))
  })

  test('refuse every bad value at once, naming the setting and its source', async () => {
    file('maxBodyBytes: lots\nhttpDeniedHosts: 7\ncolour: red\n')
    const error = await fault(read({ SLUSE_PORT: '99999', SLUSE_ENGINE: 'cloud' }, { stopGrace: '5 years' }))
    expect(error?.code).toBe('SLUSE-SETTING')
    for (const part of [
      'SLUSE_PORT is "99999". It must be a whole number from 0 to 65535.',
      'SLUSE_ENGINE is "cloud". It must be embedded or temporal.',
      '--stop-grace is "5 years". It must be a time such as',
      'maxBodyBytes in sluse.yaml is "lots". It must be a size such as',
      'httpDeniedHosts in sluse.yaml is 7.',
      'sluse.yaml has "colour", which is no setting for it.',
    ]) {
      expect(error?.message).toContain(part)
    }
  })

  test('refuse a file that is no map, or no YAML, or repeats itself', async () => {
    for (const text of ['- 1\n', 'port: [\n', 'port: 1\nport: 2\n', 'a: &a [1]\nb: *a\n']) {
      file(text)
      expect(await fault(read()), text).toMatchObject({ code: 'SLUSE-SETTING' })
    }
  })

  test('that open the server to all cannot hide in the file', async () => {
    file('insecureNoSignIn: true\n')
    expect(await fault(read())).toMatchObject({ code: 'SLUSE-SETTING' })
  })

  test('warn of a variable that means nothing', async () => {
    const { warnings } = await read({ SLUSE_PROT: '1', SLUSE_SECRET_x: 'hidden' })
    expect(warnings).toEqual(['The environment has SLUSE_PROT, which is no setting.'])
  })

  test('have sizes, times and lists in words', async () => {
    const { settings } = await read({
      SLUSE_REQUEST_TIMEOUT: '500ms',
      SLUSE_INBOX_RETENTION: '2d',
      SLUSE_HTTP_ALLOWED_HOSTS: 'a.dk, *.b.dk',
      SLUSE_HTTP_DENY_PRIVATE_ADDRESSES: 'true',
    })
    expect(settings).toMatchObject({
      requestTimeout: 500,
      inboxRetention: 172_800_000,
      httpAllowedHosts: ['a.dk', '*.b.dk'],
      httpDenyPrivateAddresses: true,
    })
  })
})
