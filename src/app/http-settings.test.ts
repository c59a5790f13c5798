import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Settings } from '../config/index.ts'
import { hasCode } from '../errors.ts'
import { httpSettings } from './http-settings.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluse-http-settings-'))
  writeFileSync(join(folder, 'c.pem'), 'the certificate')
  writeFileSync(join(folder, 'c.key'), 'the key')
})
afterAll(() => rmSync(folder, { recursive: true }))

const settings = (more: object) =>
  httpSettings({
    httpTimeout: 1,
    httpMaxResponseBytes: 2,
    httpDenyPrivateAddresses: true,
    ...more,
  } as Settings)
const certificates = (text: string) => {
  const file = join(folder, 'certificates.json')
  writeFileSync(file, text)
  return settings({ httpClientCertificatesFile: file })
}

test('without files, the settings are what they are', async () => {
  expect(await settings({ httpAllowedHosts: ['a'] })).toEqual({
    totalTimeoutMs: 1,
    maxResponseBytes: 2,
    denyPrivateAddresses: true,
    allowedHosts: ['a'],
  })
})

test('client certificates and keys are read from beside the file that lists them', async () => {
  const entry = { host: '*.dk', certificate: 'c.pem', key: 'c.key', passphrase: 'p' }
  expect((await certificates(JSON.stringify([entry]))).clientCertificates).toEqual([
    { host: '*.dk', certificate: 'the certificate', key: 'the key', passphrase: 'p' },
  ])
})

test.each([
  '{"host":"a"',
  '{}',
  '[{"host":"a","certificate":"c.pem"}]',
  '[null]',
  '[{"host":"a","certificate":"none","key":"c.key"}]',
])('a list of certificates that is %s is an error of its setting', async (text) => {
  const error: unknown = await certificates(text).catch((reason: unknown) => reason)
  expect(hasCode(error, 'SLUSE-SETTING')).toBe(true)
  expect(String(error)).toContain('httpClientCertificatesFile')
})

test('a file of authorities that cannot be read is an error of its setting', async () => {
  const error: unknown = await settings({ httpAuthoritiesFile: join(folder, 'none') }).catch(
    (reason: unknown) => reason,
  )
  expect(hasCode(error, 'SLUSE-SETTING')).toBe(true)
})
