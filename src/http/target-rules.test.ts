import type { LookupAddress } from 'node:dns'
import { afterEach, describe, expect, test } from 'vitest'
import { createHttpClient } from './index.ts'
import { targetRules, type TargetRuleSettings } from './target-rules.ts'
import { specialAddresses } from './special-addresses.ts'
import { faultOf, noAccess, serve } from './testing/index.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const allows = (settings: TargetRuleSettings, uri: string) => {
  try {
    targetRules(settings).check(new URL(uri))
    return true
  } catch {
    return false
  }
}

/** What the rules' name service gives for `host` where the world's gives `addresses`. */
const found = (settings: TargetRuleSettings, host: string, addresses: string[]) => {
  const world = (_host: string, _options: object, done: (error: null, found: LookupAddress[]) => void) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  return new Promise<string[]>((resolve, reject) =>
    targetRules(settings, world as never).lookup(host, { all: true }, (error, result) =>
      error ? reject(error) : resolve((result as LookupAddress[]).map(({ address }) => address)),
    ),
  )
}

describe('hosts', () => {
  test('any may be called without settings', () => {
    expect(allows({}, 'http://127.0.0.1/')).toBe(true)
  })

  test.each([
    ['http://api.example.dk/', true],
    ['http://API.example.dk.:8080/', true],
    ['http://deep.below.kommune.dk/', true],
    ['http://kommune.dk/', false],
    ['http://evilkommune.dk/', false],
    ['http://api.example.dk.evil.com/', false],
    ['http://10.1.2.3/', false],
  ])('by name: %s is allowed: %s', (uri, expected) => {
    expect(allows({ allowedHosts: ['api.example.dk', '*.kommune.dk'] }, uri)).toBe(expected)
  })

  test.each([
    ['http://10.1.2.3/', true],
    ['http://11.1.2.3/', false],
    ['http://[fd00::7]/', true],
    ['http://[fd01::7]/', false],
  ])('by range: %s is allowed: %s', (uri, expected) => {
    expect(allows({ allowedHosts: ['10.0.0.0/8', 'fd00::/16'] }, uri)).toBe(expected)
  })

  test('a denied host is denied though it is allowed too', () => {
    expect(allows({ allowedHosts: ['*.dk'], deniedHosts: ['bad.dk'] }, 'http://bad.dk/')).toBe(false)
  })

  test('a name outside the list is let through only to addresses in an allowed range', async () => {
    const settings = { allowedHosts: ['10.0.0.0/8'] }
    expect(await found(settings, 'db.internal', ['10.0.0.7', '8.8.8.8'])).toEqual(['10.0.0.7'])
    await expect(found(settings, 'evil.com', ['8.8.8.8'])).rejects.toThrow(/may not call evil\.com/)
  })
})

describe('with private addresses denied', () => {
  const settings = { denyPrivateAddresses: true }

  test.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0/',
    'http://10.0.0.1/',
    'http://169.254.169.254/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[fd00::1]/',
    'http://[fe80::1]/',
    'http://[64:ff9b::7f00:1]/',
  ])('%s is refused, however it is written', (uri) => {
    expect(allows(settings, uri)).toBe(false)
  })

  test.each(['http://8.8.8.8/', 'http://[2a00:1450::1]/'])('%s is let through', (uri) => {
    expect(allows(settings, uri)).toBe(true)
  })

  test('a name that leads to one is refused when it is looked up, so that rebinding gets nowhere', async () => {
    await expect(found(settings, 'rebound.example', ['127.0.0.1'])).rejects.toThrow(/private/)
    expect(await found(settings, 'mixed.example', ['127.0.0.1', '93.184.216.34'])).toEqual(['93.184.216.34'])
  })

  test('an address that is allowed outright may be called all the same', async () => {
    const both = { ...settings, allowedHosts: ['10.2.0.0/16', 'name.example'] }
    expect(allows(both, 'http://10.2.0.9/')).toBe(true)
    await expect(found(both, 'name.example', ['10.3.0.1'])).rejects.toThrow(/private/)
  })

  test('a real request to a name of loopback is an authorization fault and never arrives', async () => {
    const server = await serve((_request, response) => void response.end())
    closing.push(server.close)
    const client = createHttpClient({ environment: {}, ...settings })
    closing.push(() => client.close())
    const uri = server.origin.replace('127.0.0.1', 'localhost')
    const problem = await faultOf(client.send({ method: 'GET', uri }, noAccess()))
    expect(problem).toMatchObject({ status: 403, host: 'localhost' })
    expect(server.requests).toEqual([])
  })
})

test('every special range of addresses is one that Node can read', () => {
  expect(specialAddresses().has('192.168.1.1')).toBe(true)
  expect(specialAddresses().has('not an address')).toBe(true)
})
