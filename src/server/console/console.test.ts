import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openServer, type TestServer } from '../testing/open-server.ts'
import { readAssets } from './index.ts'

let server: TestServer
let built: string

beforeAll(async () => {
  built = mkdtempSync(join(tmpdir(), 'sluse-console-'))
  mkdirSync(join(built, 'assets'))
  writeFileSync(join(built, 'index.html'), '<!doctype html><title>Sluse</title>')
  writeFileSync(join(built, 'assets/main-x1.js'), 'plain')
  writeFileSync(join(built, 'assets/main-x1.js.br'), 'brotli')
  writeFileSync(join(built, 'assets/main-x1.js.gz'), 'gzip')
  writeFileSync(join(built, 'secret.env'), 'no')
  server = await openServer({}, { consoleFolder: built })
})

afterAll(async () => {
  await server.close()
  rmSync(built, { recursive: true, force: true })
})

const page = { accept: 'text/html,*/*' }

describe('the console', () => {
  test('is one page at every address that a person opens and the API does not know', async () => {
    for (const path of ['/', '/runs', '/runs/some-id?tab=graph', '/nothing/at/all']) {
      const { status, text, headers } = await server.call('GET', path, { headers: page })
      expect({ status, html: text.startsWith('<!doctype html>') }, path).toEqual({ status: 200, html: true })
      expect(headers.get('cache-control'), path).toBe('no-cache')
    }
  })

  test('does not stand in for what is not there in the API, or for machines', async () => {
    expect((await server.call('GET', '/api/v1/nothing', { headers: page })).status).toBe(404)
    expect((await server.call('GET', '/assets/none.js', { headers: page })).status).toBe(404)
    expect((await server.call('GET', '/runs')).status).toBe(404)
    expect((await server.call('POST', '/runs', { headers: page })).status).toBe(404)
  })

  test('allows nothing inline and nothing from elsewhere', async () => {
    const policy = (await server.call('GET', '/')).headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("require-trusted-types-for 'script'")
    expect(policy).not.toMatch(/unsafe|https?:|\*/)
  })

  test('is sent compressed, and kept for good where its name holds its hash', async () => {
    const ask = async (encoding: string) =>
      fetch(`${server.url}/assets/main-x1.js`, { headers: { 'accept-encoding': encoding } })
    const plain = await ask('identity')
    expect(await plain.text()).toBe('plain')
    expect(plain.headers.get('cache-control')).toContain('immutable')
    expect(plain.headers.get('content-type')).toContain('text/javascript')
    const etag = plain.headers.get('etag') ?? ''
    const again = await fetch(`${server.url}/assets/main-x1.js`, { headers: { 'if-none-match': etag } })
    expect(again.status).toBe(304)
    for (const encoding of ['br', 'gzip']) {
      // The bodies here are not really compressed: what counts is which one is sent.
      const { headers } = await ask(encoding).catch(() => ({ headers: new Headers() }))
      expect(headers.get('content-encoding'), encoding).toBe(encoding)
    }
  })

  test('has no file that is not one of its kinds, and no way out of its folder', async () => {
    expect([...(await readAssets(built)).keys()].sort()).toEqual(['/assets/main-x1.js', '/index.html'])
    for (const path of ['/secret.env', '/assets/..%2fsecret.env', '/assets/%2e%2e/secret.env']) {
      expect((await server.call('GET', path)).status, path).toBe(404)
    }
  })

  test('that was not built leaves the API as it is', async () => {
    const without = await openServer({}, { consoleFolder: join(built, 'none') })
    try {
      expect((await without.call('GET', '/', { headers: page })).status).toBe(404)
      expect((await without.call('GET', '/api/v1/runs')).status).toBe(200)
    } finally {
      await without.close()
    }
  })
})
