import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { da } from '../../console/src/texts/da.ts'
import { en } from '../../console/src/texts/en.ts'
import { openProvider, type TestProvider } from '../../src/server/testing/open-provider.ts'
import { openServer, type TestServer } from '../../src/server/testing/open-server.ts'
import { asking, person, roleFlags, type Headers } from '../../src/server/testing/people.ts'
import type { OpenPage } from './browser.ts'
import { accessibilityFaults, overflow, settled } from './check-page.ts'
import { approvalOf } from './demo.ts'
import { problemText } from './problem-text.ts'
import { signInBy } from './sign-in-by.ts'
import { browserMissing, useBrowser } from './use-browser.ts'

const patience = { timeout: 20_000 }

/** The same question where it is not the pipeline itself that asks. */
const depths: { readonly [name: string]: (task: string) => string } = {
  'in-fork': (task) => `do:\n  - f: { fork: { branches: [ { ${task} }, { o: { set: { x: 1 } } } ] } }`,
  'in-for': (task) => `do:\n  - f: { for: { in: '\${ [1] }' }, do: [ { ${task} } ] }`,
  'in-try': (task) => `do:\n  - f: { try: [ { ${task} } ], catch: { do: [ { n: { set: { x: 1 } } } ] } }`,
}
const nested = Object.fromEntries(
  Object.entries(depths).map(([name, where]) => [
    `pipelines/${name}.yaml`,
    asking(name, { approvers: { groups: ['workers'] } }, where),
  ]),
)
nested['pipelines/in-sub.yaml'] = `document: { dsl: '1.0.3', namespace: test, name: in-sub, version: '1.0.0' }
do:
  - inner: { run: { workflow: { namespace: test, name: in-fork, version: '1.0.0' } } }
`

const files = {
  'pipelines/payment.yaml': asking(
    'payment',
    { approvers: { groups: ['workers'] }, description: 'Der skal udbetales **12.500 kr.**' },
    (task) => `do:\n  - ${task}\n  - pay: { set: { paid: true } }`,
  ),
  ...nested,
}

/** The approval that a run, or one within it, waits for. */
async function approvalWithin({ app }: TestServer, run: string): Promise<string> {
  const find = async () => {
    const [row] = await app.database.query<{ id: string }>(
      `SELECT approvals.id FROM approvals JOIN runs ON runs.id = approvals.run
       WHERE runs.id = ? OR runs.parent = (SELECT number FROM runs WHERE id = ?)`,
      [run, run],
    )
    return row?.id
  }
  await expect.poll(find, patience).toBeDefined()
  return (await find()) as string
}

const browser = useBrowser()

/** The way of a case worker from the link in a mail: real provider, real browser, found by what a screen reader says. */
describe.skipIf(browserMissing).each([
  ['da', da],
  ['en', en],
] as const)(
  'in language %s, who opens the link of an approval without having signed in',
  (language, texts) => {
    let provider: TestProvider
    let server: TestServer
    let starter: Headers
    beforeAll(async () => {
      provider = await openProvider()
      server = await openServer(files, {
        flags: { ...roleFlags, auth: 'oidc', oidcIssuer: provider.issuer, oidcClientId: provider.clientId },
        environment: { SLUSE_SECRET_oidcClientSecret: provider.clientSecret },
      })
      provider.trust(server.url)
      provider.accounts.set('anna', { name: 'Anna And', groups: ['workers'] })
      provider.accounts.set('otto', { name: 'Otto', groups: ['staff'] })
      provider.accounts.set('nobody', { name: 'Nobody', groups: ['guests'] })
      starter = await person(server.app, 'starter', ['staff'])
    })
    afterAll(() => Promise.all([server.close(), provider.close()]))

    let open: OpenPage
    let page: Page
    let run: string
    let id: string
    beforeEach(async () => {
      const { json } = await server.call('POST', '/api/v1/pipelines/test/payment/runs', { headers: starter })
      run = json.id as string
      id = await approvalOf(server, run, starter)
      open = await browser.open(`${server.url}/approvals/${id}`, { language, elsewhere: provider.issuer })
      page = open.page
      await settled(page)
    })
    afterEach(async () => {
      await open.context.close()
      expect(open.faults).toEqual([])
    })

    const heading = (name: string, level?: number) =>
      page.getByRole('heading', { name, exact: true, ...(level !== undefined && { level }) })
    const button = (name: string) => page.getByRole('button', { name, exact: true })
    const signIn = (account: string, link = texts['signIn.go']) =>
      signInBy(page, link, { issuer: provider.issuer, account, back: `${server.url}/approvals/${id}` })
    const hasNoFault = async () => {
      expect(await page.getAttribute('html', 'lang')).toBe(language)
      expect(await accessibilityFaults(page)).toEqual([])
      await page.setViewportSize({ width: 320, height: 640 })
      expect(await overflow(page)).toBeLessThanOrEqual(0)
      expect(await accessibilityFaults(page)).toEqual([])
      await page.setViewportSize({ width: 1280, height: 900 })
    }
    const stillWaits = async () => {
      const { json } = await server.call('GET', `/api/v1/approvals/${id}`, { headers: starter })
      expect(json).toMatchObject({ status: 'open', votes: [] })
      await expect.poll(async () => (await server.app.history.run(run)).status, patience).toBe('waiting')
    }
    /** What a script of the page would send, whatever the page shows. */
    const decideAnyway = () =>
      page.evaluate<number>(
        `fetch('/api/v1/approvals/${id}/decide', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'sluse-request': '1' },
        body: '{"decision":"approved"}',
      }).then(({ status }) => status)`,
      )

    test('is told nothing of it, but to sign in', async () => {
      await heading(texts['signIn.title'], 1).waitFor()
      expect(await page.textContent('body')).not.toContain('Udbetaling')
      expect(await decideAnyway()).toBe(401)
      await hasNoFault()
      await stillWaits()
    })

    test('signs in, is back at it, decides, and the run goes on', async () => {
      await signIn('anna')
      await heading('Udbetaling', 1).waitFor()
      await page.getByText('12.500 kr.').waitFor()
      await hasNoFault()
      await stillWaits()
      await page.getByRole('radio', { name: texts['decide.approved'], exact: true }).check()
      await button(texts['decide.send']).click()
      await heading(texts['approval.outcome.approved']).waitFor()
      await hasNoFault()
      expect(await server.app.engine.outcome(run)).toMatchObject({
        status: 'completed',
        output: { paid: true },
      })
      const { entries } = (
        await server.call('GET', '/api/v1/audit?limit=50', {
          headers: await person(server.app, 'auditor', ['security']),
        })
      ).json as { entries: { action: string; resource: string; [name: string]: unknown }[] }
      expect(
        entries.find(
          ({ resource, action }) => resource === `approval/${id}` && action === 'approvals.decide',
        ),
      ).toMatchObject({
        who: { subject: 'anna', name: 'Anna And' },
        outcome: 'done',
        from: { via: 'session' },
      })
    })

    test('and is refused by the provider, is told so in plain words, and signs in after all', async () => {
      await page.getByRole('link', { name: texts['signIn.go'], exact: true }).click()
      await page.waitForURL(`${provider.issuer}/**`)
      await button('Refuse').click()
      await heading(texts['signIn.failed'], 1).waitFor()
      await page.getByText(texts['signIn.SLUSE-SIGN-IN-DENIED']).waitFor()
      await hasNoFault()
      await signIn('anna', texts['signIn.again'])
      await heading('Udbetaling', 1).waitFor()
    })

    test('and comes back too late, or in another browser, is told so', async () => {
      await page.goto(`${server.url}/auth/callback?code=old&state=of-another`)
      await heading(texts['signIn.failed'], 1).waitFor()
      await page.getByText(texts['signIn.SLUSE-SIGN-IN-EXPIRED']).waitFor()
      for (const code of ['PROVIDER', 'CLOCK'] as const) {
        await page.goto(`${server.url}/sign-in?problem=SLUSE-SIGN-IN-${code}&return=//evil.example`)
        await page.getByText(texts[`signIn.SLUSE-SIGN-IN-${code}`]).waitFor()
        const again = page.getByRole('link', { name: texts['signIn.again'], exact: true })
        expect(await again.getAttribute('href')).toBe('/auth/sign-in?return=%2F')
        await hasNoFault()
      }
    })

    test('and whose session ends while they write, signs in and finds what they wrote', async () => {
      await signIn('anna')
      await page.getByRole('radio', { name: texts['decide.rejected'], exact: true }).check()
      const comment = page.getByRole('textbox', { name: texts['decide.comment'], exact: true })
      await comment.fill('Bilag 3 mangler')
      await server.app.database.commit([{ sql: 'DELETE FROM sessions', parameters: [] }])
      await button(texts['decide.send']).click()
      await heading(texts['signIn.ended'], 1).waitFor()
      await hasNoFault()
      await stillWaits()
      await page.getByRole('link', { name: texts['signIn.go'], exact: true }).click()
      await page.waitForURL(`${server.url}/approvals/${id}`)
      await heading('Udbetaling', 1).waitFor()
      expect(await comment.inputValue()).toBe('Bilag 3 mangler')
      await button(texts['decide.send']).click()
      await heading(texts['approval.outcome.rejected']).waitFor()
      expect(await page.evaluate<number>('sessionStorage.length')).toBe(0)
    })

    test.runIf(language === 'da')('decides as well what is asked deeper within a pipeline', async () => {
      await signIn('anna')
      for (const name of [...Object.keys(depths), 'in-sub']) {
        const { json } = await server.call('POST', `/api/v1/pipelines/test/${name}/runs`, {
          headers: starter,
        })
        await page.goto(`${server.url}/approvals/${await approvalWithin(server, json.id as string)}`)
        await page.getByRole('radio', { name: texts['decide.approved'], exact: true }).check()
        await button(texts['decide.send']).click()
        await heading(texts['approval.outcome.approved']).waitFor()
        expect((await server.app.engine.outcome(json.id as string)).status, name).toBe('completed')
      }
    })

    test('signs out again, here and at the provider, and has to sign in anew', async () => {
      await signIn('anna')
      await button(texts['layout.signOut']).click()
      await page.waitForURL(`${provider.issuer}/session/end**`)
      await button('Sign out').click()
      await page.waitForURL(`${server.url}/`)
      await heading(texts['signIn.title'], 1).waitFor()
      await page.goto(`${server.url}/approvals/${id}`)
      await heading(texts['signIn.title'], 1).waitFor()
      // The provider asks, too: it does not know the browser any more.
      await signIn('anna')
      await heading('Udbetaling', 1).waitFor()
    })

    test.each([
      ['a role that may only see that it waits', 'otto'],
      ['no role', 'nobody'],
    ])('and has %s, is told so, and the run does not go on', async (_role, account) => {
      await signIn(account)
      const forbidden = problemText(language, 'SLUSE-FORBIDDEN')
      await heading(forbidden).or(page.getByText(texts['why.SLUSE-FORBIDDEN'])).first().waitFor()
      expect(await page.textContent('body')).not.toContain('12.500 kr.')
      expect(await button(texts['decide.send']).count()).toBe(0)
      await hasNoFault()
      expect(await decideAnyway()).toBe(403)
      await stillWaits()
    })
  },
)
