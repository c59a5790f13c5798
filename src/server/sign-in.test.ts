import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openProvider, type TestProvider } from './testing/open-provider.ts'
import { openServer, type TestServer } from './testing/open-server.ts'

const files = {
  'pipelines/echo.yaml': `document: { dsl: '1.0.3', namespace: grants, name: echo, version: '1.0.0' }
do:
  - say: { set: { said: '\${ . }' } }
`,
}

let provider: TestProvider
let server: TestServer
let time = Date.now()
const clock = { now: () => time, wakeAt: () => () => {} }
beforeAll(async () => {
  provider = await openProvider()
  provider.accounts.set('anna', {
    name: 'Anna And',
    groups: ['case-workers'],
    email: 'Anna@By.dk',
    email_verified: true,
  })
  provider.accounts.set('otto', {
    name: 'Otto',
    groups: ['drift'],
    email: 'otto@by.dk',
    email_verified: false,
  })
  provider.accounts.set('nobody', { name: 'Nobody', groups: ['guests'] })
  server = await openServer(files, {
    flags: {
      oidcIssuer: provider.issuer,
      oidcClientId: provider.clientId,
      roles: 'approver=case-workers@grants,operator=drift,security-officer=drift',
      sessionIdle: '30m',
      sessionLifetime: '8h',
    },
    environment: { SLUSE_SECRET_oidcClientSecret: provider.clientSecret },
    app: { clock },
  })
  provider.trust(server.url)
})
afterAll(async () => {
  await server.close()
  await provider.close()
})

const signedIn = async (account: string) => {
  const browser = provider.browser(account)
  expect((await browser.signIn(server.url)).status).toBe(200)
  return browser
}
const me = async (browser: Awaited<ReturnType<typeof signedIn>>) => browser.go(`${server.url}/api/v1/me`)
const runs = '/api/v1/pipelines/grants/echo/runs'
const start = async (browser: Awaited<ReturnType<typeof signedIn>>, headers = {}) =>
  browser.go(`${server.url}${runs}`, { method: 'POST', headers })

test('without signing in nothing is told but that the server lives', async () => {
  for (const path of ['/api/v1/me', '/api/v1/runs', '/api/v1/pipelines', '/metrics', '/api/v1/audit']) {
    const answer = await server.call('GET', path)
    expect(answer.json, path).toMatchObject({ status: 401, code: 'SLUSE-UNAUTHENTICATED' })
  }
  expect((await server.call('GET', '/health')).status).toBe(200)
})

test('who signs in has the roles of their groups, and is known by what the provider confirmed', async () => {
  expect(await (await me(await signedIn('anna'))).json()).toMatchObject({
    mode: 'oidc',
    kind: 'user',
    subject: 'anna',
    name: 'Anna And',
    email: 'anna@by.dk',
    roles: ['approver@grants'],
    permissions: { 'approvals.decide': ['grants'] },
    via: 'session',
  })
  const otto = (await (await me(await signedIn('otto'))).json()) as object
  expect(otto).toMatchObject({ roles: ['operator@*', 'security-officer@*'] })
  expect(otto).not.toHaveProperty('email')
  expect(await (await me(await signedIn('nobody'))).json()).toMatchObject({ roles: [], permissions: {} })
})

describe('a session', () => {
  test('is kept from scripts and from other sites', async () => {
    const browser = provider.browser('anna')
    const answer = await browser.signIn(server.url, '/nowhere')
    expect(answer.status).toBe(404)
    const begun = await fetch(`${server.url}/auth/sign-in`, { redirect: 'manual' })
    expect(begun.headers.getSetCookie()[0]).toMatch(
      /^sluse-sign-in=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/,
    )
  })

  test('changes something only with a header that other sites cannot send', async () => {
    const otto = await signedIn('otto')
    expect((await start(otto)).status).toBe(403)
    expect(((await (await start(otto)).json()) as { code: string }).code).toBe('SLUSE-CSRF')
    expect((await start(otto, { 'sluse-request': '1', origin: 'http://evil.example' })).status).toBe(403)
    expect((await start(otto, { 'sluse-request': '1' })).status).toBe(201)
  })

  test('ends when one signs out, on the server and not only in the browser', async () => {
    const anna = await signedIn('anna')
    const stolen = new Map(anna.cookies)
    const out = await anna.go(`${server.url}/auth/sign-out`, {
      method: 'POST',
      headers: { 'sluse-request': '1' },
    })
    expect(((await out.json()) as { url: string }).url).toContain(`${provider.issuer}/session/end?`)
    for (const [name, value] of stolen) anna.cookies.set(name, value)
    expect((await me(anna)).status).toBe(401)
  })

  test('ends when it is not used, and at last in any case', async () => {
    const idle = await signedIn('anna')
    const used = await signedIn('anna')
    for (let minutes = 0; minutes < 460; minutes += 20) {
      time += 20 * 60_000
      expect((await me(used)).status).toBe(200)
    }
    expect((await me(idle)).status).toBe(401)
    time += 20 * 60_000
    expect((await me(used)).status).toBe(401)
  })

  test('lasts beyond a restart: it is in the database, and there only as a hash', async () => {
    const anna = await signedIn('anna')
    const rows = await server.app.database.query('SELECT * FROM sessions')
    expect(rows.length).toBeGreaterThan(0)
    expect(JSON.stringify(rows)).not.toContain([...anna.cookies.values()][0])
  })

  test('can be ended by those who may, for all browsers of a user', async () => {
    const anna = await signedIn('anna')
    const otto = await signedIn('otto')
    const end = async (by: typeof anna) =>
      by.go(`${server.url}/api/v1/users/anna/sign-out`, { method: 'POST', headers: { 'sluse-request': '1' } })
    expect((await end(anna)).status).toBe(403)
    expect((await end(otto)).status).toBe(204)
    expect((await me(anna)).status).toBe(401)
  })
})

describe('a sign-in', () => {
  test('does not lead anywhere else', async () => {
    for (const path of ['//evil.example', 'https://evil.example', '/\\evil.example', '/a b']) {
      const answer = await provider.browser('anna').signIn(server.url, path)
      expect(answer.url, path).toBe(`${server.url}/`)
    }
  })

  test('works in the browser that began it, once, and not for long', async () => {
    const began = provider.browser('anna')
    const to = (await began.go(`${server.url}/auth/sign-in`)).headers.get('location') ?? ''
    let at = to
    for (let answer = await began.go(at); !at.startsWith(server.url); answer = await began.go(at)) {
      at = new URL(answer.headers.get('location') ?? '/', at).href
      if (at.startsWith(server.url)) break
    }
    expect((await provider.browser('anna').go(at)).status).toBe(401)
    expect((await began.go(at)).status).toBe(302)
    expect((await began.go(at)).status).toBe(401)
    const late = provider.browser('anna')
    await late.go(`${server.url}/auth/sign-in`)
    time += 11 * 60_000
    expect((await late.go(at)).status).toBe(401)
  })

  test('that the provider refuses is refused', async () => {
    const browser = provider.browser('anna')
    const begun = await browser.go(`${server.url}/auth/sign-in`)
    const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? ''
    const back = await browser.go(
      `${server.url}/auth/callback?error=access_denied&state=${state}&iss=${encodeURIComponent(provider.issuer)}`,
    )
    expect(await back.json()).toMatchObject({
      status: 401,
      code: 'SLUSE-SIGN-IN-DENIED',
      detail: '(access_denied)',
    })
  })

  test('that fails leads a person to a page that says why, and back to where it began; the log tells of it', async () => {
    // An address that anybody can write counts for nothing.
    const html = { headers: { accept: 'text/html', 'x-forwarded-for': '10.9.9.9' } }
    const failing = async (parameters: { [name: string]: string }, keepState = true) => {
      const browser = provider.browser('anna')
      const begun = await browser.go(`${server.url}/auth/sign-in?return=/approvals/a1`)
      const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? ''
      const query = new URLSearchParams({ iss: provider.issuer, ...(keepState && { state }), ...parameters })
      const back = await browser.go(`${server.url}/auth/callback?${query.toString()}`, html)
      const to = new URL(back.headers.get('location') ?? '/', server.url)
      expect([back.status, to.pathname]).toEqual([302, '/sign-in'])
      expect((await browser.go(`${server.url}/api/v1/me`)).status).toBe(401)
      return [to.searchParams.get('problem'), to.searchParams.get('return')]
    }
    const here = '/approvals/a1'
    expect(await failing({ error: 'access_denied' })).toEqual(['SLUSE-SIGN-IN-DENIED', here])
    expect(await failing({ error: 'temporarily_unavailable' })).toEqual(['SLUSE-SIGN-IN-PROVIDER', here])
    expect(await failing({ code: 'long-gone' })).toEqual(['SLUSE-SIGN-IN-EXPIRED', here])
    expect(await failing({ code: 'x', iss: 'https://evil.example' })).toEqual(['SLUSE-SIGN-IN-FAILED', here])
    expect(await failing({ code: 'x', state: 'of-another' }, false)).toEqual(['SLUSE-SIGN-IN-EXPIRED', '/'])
    const { entries } = await server.app.audit.list({ action: 'sign-in', limit: 5 })
    expect(entries.map(({ outcome, details }) => [outcome, (details as { code: string }).code])).toEqual([
      ['refused', 'SLUSE-SIGN-IN-EXPIRED'],
      ['refused', 'SLUSE-SIGN-IN-FAILED'],
      ['refused', 'SLUSE-SIGN-IN-EXPIRED'],
      ['failed', 'SLUSE-SIGN-IN-PROVIDER'],
      ['refused', 'SLUSE-SIGN-IN-DENIED'],
    ])
    expect(entries[0]).toMatchObject({ who: { subject: 'nobody' }, from: { ip: '127.0.0.1' } })
  })

  test('with the state of another one leaves the one that is under way alone', async () => {
    const browser = provider.browser('anna')
    await browser.go(`${server.url}/auth/sign-in`)
    expect((await browser.go(`${server.url}/auth/callback?code=x&state=forged`)).status).toBe(401)
    const rows = await server.app.database.query<{ n: number }>('SELECT count(*) AS n FROM sign_ins')
    expect(rows[0]?.n).toBeGreaterThan(0)
  })

  test('takes the place of the session that the browser had', async () => {
    const browser = await signedIn('anna')
    const before = new Map(browser.cookies)
    await browser.signIn(server.url)
    expect((await me(browser)).status).toBe(200)
    const cookie = [...before].map(([name, value]) => `${name}=${value}`).join('; ')
    expect((await fetch(`${server.url}/api/v1/me`, { headers: { cookie } })).status).toBe(401)
  })

  test('by a provider whose clock is elsewhere says so', async () => {
    // The token has ended before it came.
    provider.setClock(-7_200_000)
    try {
      const answer = await provider.browser('anna').signIn(server.url)
      expect(await answer.json()).toMatchObject({ status: 502, code: 'SLUSE-SIGN-IN-CLOCK' })
    } finally {
      provider.setClock(0)
    }
  })

  test('says where the provider does not answer', async () => {
    const lonely = await openServer(files, { flags: { oidcIssuer: 'http://127.0.0.1:9', oidcClientId: 'x' } })
    try {
      const answer = await fetch(`${lonely.url}/auth/sign-in`, { redirect: 'manual' })
      expect(await answer.json()).toMatchObject({ status: 502, code: 'SLUSE-SIGN-IN-PROVIDER' })
    } finally {
      await lonely.close()
    }
  })
})

test('wrong keys slow down: refused before they are looked at, with when to try again, and told once in the log', async () => {
  const anna = await signedIn('anna')
  const otto = await signedIn('otto')
  const own = await otto.go(`${server.url}/api/v1/keys/own`, {
    method: 'POST',
    headers: { 'sluse-request': '1', 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'cli', roles: ['operator'] }),
  })
  const { key, secret } = (await own.json()) as { key: { id: string }; secret: string }
  const ask = async (token: string) =>
    server.call('GET', '/api/v1/me', { headers: { authorization: `Bearer ${token}` } })
  const wrong = `${secret.slice(0, -4)}AAAA`
  const answers = []
  for (let at = 0; at < 14; at++) answers.push(await ask(wrong))
  expect(answers.slice(0, 10).map(({ status }) => status)).toEqual(Array(10).fill(401))
  for (const answer of answers.slice(10)) {
    expect(answer.json).toMatchObject({ status: 429, code: 'SLUSE-ATTEMPTS' })
    expect(answer.headers.get('retry-after')).toBe('1')
  }
  // Even the right one is not looked at for a while; whoever else comes from there is.
  expect((await ask(secret)).status).toBe(429)
  expect((await me(anna)).status).toBe(200)
  const { entries } = await server.app.audit.list({ resource: `key/${key.id}`, action: 'sign-in' })
  expect(entries).toMatchObject([
    { who: { subject: 'nobody' }, outcome: 'refused', details: { code: 'SLUSE-ATTEMPTS', attempts: 10 } },
  ])
  time += 1001
  expect((await ask(secret)).status).toBe(200)
  expect((await ask(wrong)).status).toBe(401)
  expect((await ask(wrong)).headers.get('retry-after')).toBe('2')
  time += 900_000
})

test('the audit log tells who signed in, who looked, who changed and who was refused', async () => {
  const anna = await signedIn('anna')
  const otto = await signedIn('otto')
  const { id } = (await (await start(otto, { 'sluse-request': '1' })).json()) as { id: string }
  await otto.go(`${server.url}/api/v1/runs/${id}/timeline`, {
    headers: { 'sluse-purpose': 'Fejls%C3%B8gning' },
  })
  await anna.go(`${server.url}/api/v1/runs/${id}/timeline`)
  await otto.go(`${server.url}/api/v1/runs/${id}/cancel`, {
    method: 'POST',
    headers: { 'sluse-request': '1' },
  })
  const log = await otto.go(`${server.url}/api/v1/audit?limit=50`)
  const { entries } = (await log.json()) as {
    entries: { action: string; outcome: string; [name: string]: unknown }[]
  }
  const about = entries.filter(({ resource }) => resource === `run/${id}`)
  expect(about.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
    'runs.control failed',
    'runs.data refused',
    'runs.data allowed',
    'runs.start done',
  ])
  expect(about.at(2)).toMatchObject({
    who: { subject: 'otto', name: 'Otto', roles: ['operator@*', 'security-officer@*'] },
    namespace: 'grants',
    from: { ip: '127.0.0.1', via: 'session' },
    purpose: 'Fejlsøgning',
  })
  expect(entries.some(({ action }) => action === 'sign-in')).toBe(true)
  expect((await anna.go(`${server.url}/api/v1/audit`)).status).toBe(403)
  const verified = await otto.go(`${server.url}/api/v1/audit/verify`)
  expect(await verified.json()).toMatchObject({ ok: true, faults: [] })
  const exported = await (await otto.go(`${server.url}/api/v1/audit/export?format=csv`)).text()
  expect(exported.split('\r\n')[0]).toContain('number,at,subject')
  expect(exported).toContain(`run/${id}`)
})
