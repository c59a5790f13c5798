import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { da } from '../../console/src/texts/da.ts'
import { en } from '../../console/src/texts/en.ts'
import type { OpenPage } from './browser.ts'
import { accessibilityFaults, settled } from './check-page.ts'
import { approvalOf, openDemo, type Demo } from './demo.ts'
import { problemText } from './problem-text.ts'
import { browserMissing, useBrowser } from './use-browser.ts'

const browser = useBrowser()

/** What an operator and a developer do, in a real browser, found by what a screen reader says. */
describe.skipIf(browserMissing).each([
  ['da', da],
  ['en', en],
] as const)('in language %s one can', (language, texts) => {
  let demo: Demo
  let open: OpenPage
  let page: Page
  beforeAll(async () => {
    demo = await openDemo()
    open = await browser.open(demo.url, { language })
    page = open.page
  })
  afterAll(async () => {
    expect(open.faults).toEqual([])
    await Promise.all([open.context.close(), demo.close()])
  })

  const go = async (path: string) => {
    await page.goto(demo.url + path)
    await settled(page)
  }
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const statusOf = async (id: string) => (await demo.app.history.run(id)).status
  const start = async (name: string, input: unknown) =>
    (await demo.call('POST', `/api/v1/pipelines/andeby/${name}/runs`, { json: { input } })).json.id as string
  const rows = () => page.locator('tbody tr[data-index]')

  test('find runs by status, pipeline and text, and send the address on', async () => {
    await go('/runs')
    await page.getByRole('checkbox', { name: texts['status.faulted'] }).check()
    await expect.poll(() => rows().count()).toBe(1)
    expect(await rows().textContent()).toContain('grant-application')
    expect(page.url()).toContain('status=faulted')
    await page.reload()
    await settled(page)
    await expect.poll(() => rows().count()).toBe(1)
    await button(texts['runs.clear']).click()
    await page.getByLabel(texts['runs.pipeline'], { exact: true }).selectOption('andeby/month-end')
    await expect.poll(() => rows().count()).toBe(1)
    await button(texts['runs.clear']).click()
    await page.getByRole('searchbox', { name: texts['runs.text'], exact: true }).fill(demo.runs.waiting)
    await expect.poll(() => rows().count()).toBe(1)
  })

  test('cancel many runs at once, after a question', async () => {
    const ids = [await start('await-answer', {}), await start('await-answer', {})]
    await go('/runs')
    for (const id of ids) {
      await page.getByRole('checkbox', { name: texts['runs.chooseOne'].replace('{id}', id) }).check()
    }
    await button(texts['action.cancel']).click()
    await page.getByRole('dialog').getByRole('button', { name: texts['action.cancel'] }).click()
    await expect.poll(() => Promise.all(ids.map(statusOf))).toEqual(['cancelled', 'cancelled'])
  })

  test('run many runs again at once, after a question', async () => {
    const ids = [await start('await-answer', {}), await start('await-answer', {})]
    for (const id of ids) await demo.call('POST', `/api/v1/runs/${id}/cancel`)
    await go('/runs')
    for (const id of ids) {
      await page.getByRole('checkbox', { name: texts['runs.chooseOne'].replace('{id}', id) }).check()
    }
    await button(texts['action.rerun']).click()
    await page.getByRole('dialog').getByRole('button', { name: texts['action.rerun'] }).click()
    await page.getByText(texts['bulk.done.other'].replace('{count}', '2')).waitFor()
    const { json } = await demo.call('GET', '/api/v1/runs?limit=20')
    const again = (json.runs as { rerunOf?: string }[]).map(({ rerunOf }) => rerunOf)
    expect(again).toEqual(expect.arrayContaining(ids))
  })

  test('find the run of a case by its key', async () => {
    const path = '/api/v1/pipelines/andeby/await-answer/runs'
    const { json } = await demo.call('POST', path, { headers: { 'idempotency-key': 'S-2026-42' } })
    await go('/runs')
    await page.getByLabel(texts['runs.correlation'], { exact: true }).fill('S-2026-42')
    await expect.poll(() => rows().count()).toBe(1)
    expect(await rows().textContent()).toContain(json.id)
  })

  test('read what the functions of a run said, and find a line in it', async () => {
    await go(`/runs/${demo.runs.scored}?tab=logs`)
    const lines = page.locator('.log li')
    await expect.poll(() => lines.count()).toBe(2)
    await page.getByRole('searchbox', { name: texts['logs.find'] }).fill('grænsen')
    await expect.poll(() => lines.count()).toBe(1)
    expect(await lines.textContent()).toContain('score:1.0.0')
  })

  test('see on a failed run what to press: it runs again from the task that failed', async () => {
    await go(`/runs/${demo.runs.failed}`)
    await button(texts['run.rerunFailed'].replace('{name}', 'tooLarge')).click()
    const dialog = page.getByRole('dialog')
    expect(await dialog.getByLabel(texts['rerun.from']).inputValue()).toBe('/do/1/tooLarge')
    await page.keyboard.press('Escape')
  })

  test('see that a run waits for an approval, and go there', async () => {
    await go(`/runs/${demo.runs.payment}`)
    await page.getByRole('heading', { name: texts['run.waitsForApproval'] }).waitFor({ timeout: 20_000 })
    await page.getByRole('link', { name: 'Udbetaling til Andeby Boldklub' }).click()
    await page.waitForURL(`**/approvals/${demo.runs.approval}`)
  })

  test('run again from any task of a long run', async () => {
    const rooms = Array.from({ length: 600 }, (_, index) => `Lokale ${index}`)
    const id = await start('grant-application', { association: 'Andeby Skak', amount: 1, rooms })
    await demo.app.engine.outcome(id)
    await go(`/runs/${id}`)
    await button(texts['action.rerun']).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('searchbox').fill('eachRoom[587]')
    await dialog.getByLabel(texts['rerun.from']).selectOption('/do/2/eachRoom[587]/do/0/reserve')
    await dialog.getByRole('button', { name: texts['dialog.cancel'] }).click()
    await dialog.waitFor({ state: 'detached' })
    // On the screen only what is seen is in the page; on paper all of it is.
    const tasks = page.locator('tbody[data-index]')
    expect(await tasks.count()).toBeLessThan(100)
    await page.evaluate('window.dispatchEvent(new Event("beforeprint"))')
    expect(await tasks.count()).toBeGreaterThan(600)
    await page.evaluate('window.dispatchEvent(new Event("afterprint"))')
    await expect.poll(() => tasks.count()).toBeLessThan(100)
  })

  test('disable a pipeline, so that nothing starts it, and enable it again', async () => {
    await go('/pipelines/andeby/await-answer')
    await button(texts['pipeline.disable']).click()
    const dialog = page.getByRole('dialog')
    expect(await accessibilityFaults(page)).toEqual([])
    await dialog.getByRole('button', { name: texts['pipeline.disable'] }).click()
    await page.getByRole('heading', { name: texts['pipeline.isDisabled'] }).waitFor()
    expect(await page.getByRole('link', { name: texts['pipeline.tab.start'], exact: true }).count()).toBe(0)
    expect((await demo.call('POST', '/api/v1/pipelines/andeby/await-answer/runs')).status).toBe(409)
    await go('/')
    await page.locator('.tile', { hasText: texts['attention.disabled'] }).click()
    await page.getByText(texts['pipelines.disabled']).waitFor()
    await page.getByRole('link', { name: 'Høring af nabo' }).click()
    await button(texts['pipeline.enable']).click()
    await dialog.getByRole('button', { name: texts['pipeline.enable'] }).click()
    await button(texts['pipeline.disable']).waitFor()
    expect((await demo.call('POST', '/api/v1/pipelines/andeby/await-answer/runs')).status).toBe(201)
  })

  test('hold a target back, release it, reset its breaker and change its limits', async () => {
    const target = async () => (await demo.call('GET', '/api/v1/targets/app:%C3%B8konomi')).json
    await go('/targets')
    const row = page.getByRole('row').filter({ hasText: 'app:økonomi' })
    const press = (name: string) => row.getByRole('button', { name: `${name} økonomi` }).click()
    await press(texts['targets.hold'])
    await row.getByText(texts['targets.state.held'], { exact: true }).waitFor()
    await press(texts['targets.release'])
    await row.getByText(texts['targets.state.closed'], { exact: true }).waitFor()
    await press(texts['targets.setLimits'])
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(texts['targets.atOnce']).fill('2')
    expect(await accessibilityFaults(page)).toEqual([])
    await dialog.getByRole('button', { name: texts['targets.setLimits'] }).click()
    await dialog.waitFor({ state: 'detached' })
    await row.getByText(texts['targets.changed']).waitFor()
    expect(await target()).toMatchObject({ limits: { concurrency: 2 }, breaker: { state: 'closed' } })
  })

  test('see a new run come and end without loading the page again', async () => {
    await go('/runs')
    await page.locator('.live-mark[data-live=true]').waitFor()
    const id = await start('await-answer', { neighbour: 'live' })
    const row = page.getByRole('row').filter({ hasText: id })
    await row.waitFor()
    await demo.call('POST', `/api/v1/runs/${id}/cancel`)
    await row.getByText(texts['status.cancelled']).waitFor()
  })

  test('see why a run failed, with the line of the definition', async () => {
    await go(`/runs/${demo.runs.failed}`)
    await page.getByRole('heading', { name: texts['run.failed'] }).waitFor()
    await page.getByText('Der kan højst søges om 150.000 kr.').first().waitFor()
    await page.getByRole('link', { name: texts['run.failedAt'].replace('{line}', '19') }).click()
    await page.locator('#line-19[data-tone=bad]').last().waitFor()
  })

  test('look at the data of one task, and run again from it', async () => {
    await go(`/runs/${demo.runs.completed}`)
    await page.getByRole('button', { name: 'reserve [1]' }).click()
    await page.getByText('"Mødelokale 2"').last().waitFor()
    await button(texts['task.rerun']).click()
    await page.getByRole('radio', { name: texts['rerun.newest'] }).check()
    await page.getByRole('dialog').getByRole('button', { name: texts['rerun.confirm'] }).click()
    await page.waitForURL((url) => !url.pathname.includes(demo.runs.completed))
    const id = page.url().split('/').at(-1) ?? ''
    expect((await demo.app.history.run(id)).rerunOf).toBe(demo.runs.completed)
    await page.locator('.page-head').getByText(texts['status.completed']).waitFor()
  })

  test('suspend, resume and cancel a run', async () => {
    const id = await start('await-answer', {})
    await go(`/runs/${id}`)
    await button(texts['action.suspend']).click()
    await expect.poll(() => statusOf(id)).toBe('suspended')
    await button(texts['action.resume']).click()
    await expect.poll(() => statusOf(id)).not.toBe('suspended')
    await button(texts['action.cancel']).click()
    await page.getByRole('dialog').getByRole('button', { name: texts['action.cancel'] }).click()
    await page.locator('.page-head').getByText(texts['status.cancelled']).waitFor()
    expect(await statusOf(id)).toBe('cancelled')
  })

  test('see the states of the tasks in the graph, and the same in a table', async () => {
    await go(`/runs/${demo.runs.completed}?tab=graph`)
    await page.locator('.flow-node[data-tone=good]', { hasText: 'reserve' }).waitFor()
    await page.getByText(texts['graph.table']).click()
    const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'reserve' }) })
    expect(await row.textContent()).toContain(texts['status.completed'])
  })

  test('start a pipeline by the form that its input schema makes', async () => {
    await go('/pipelines')
    await page.getByRole('link', { name: 'Tilskud til foreningslokaler', exact: true }).click()
    await page.getByRole('link', { name: texts['pipeline.tab.start'], exact: true }).click()
    await button(texts['start.start']).click()
    // The browser itself says what is missing: nothing is started.
    expect(page.url()).toContain('/pipelines/')
    await page.getByLabel('Forening', { exact: true }).fill('Andeby Skak')
    await page.getByLabel('Beløb', { exact: true }).fill('500')
    await page.getByLabel('Lokaler').fill('Sal A\nSal B')
    await button(texts['start.start']).click()
    await page.waitForURL(/\/runs\//)
    await page.locator('.page-head').getByText(texts['status.completed']).waitFor()
    const { input } = await demo.app.history.timeline(page.url().split('/').at(-1) ?? '')
    expect(input).toEqual({
      association: 'Andeby Skak',
      amount: 500,
      kind: 'sport',
      rooms: ['Sal A', 'Sal B'],
    })
  })

  test('see what differs between two versions, and what is wrong with a definition', async () => {
    await go('/pipelines/andeby/grant-application?tab=versions')
    await page.locator('li.removed', { hasText: '100000' }).waitFor()
    await page.locator('li.added', { hasText: '150000' }).waitFor()
    await go('/pipelines')
    await page.getByText('pipelines/old.yaml:3:5').waitFor()
  })

  test('try an expression on the data of a run, and be told of one that never ends', async () => {
    await go(`/playground?run=${demo.runs.completed}`)
    await button(texts['playground.take']).click()
    const filter = page.getByLabel(texts['playground.filter'])
    const result = page.getByRole('group', { name: texts['playground.result'] })
    await filter.fill('.rooms | length')
    await expect.poll(() => result.textContent()).toBe('3')
    await filter.fill('.rooms | lengt')
    await page.getByRole('heading', { name: texts['playground.fault'] }).waitFor()
    await filter.fill('def f: f; f')
    await page
      .getByRole('heading', { name: texts['playground.stopped'] })
      .or(page.getByRole('heading', { name: texts['playground.fault'] }))
      .waitFor()
    await filter.fill('.amount')
    await expect.poll(() => result.textContent()).toBe('12500')
  })

  test('approve what is asked, with the answer that its form wants, and see the run go on', async () => {
    const payment = await start('payment', { association: 'Andeby Kor', amount: 900 })
    const id = await approvalOf(demo, payment)
    await go('/approvals')
    await page.getByRole('link', { name: 'Udbetaling til Andeby Kor' }).first().click()
    await page.waitForURL(`**/approvals/${id}`)
    await page.getByRole('heading', { level: 1, name: 'Udbetaling til Andeby Kor' }).waitFor()
    await page.getByText(texts['shown.added']).first().waitFor()
    await button(texts['approval.claim']).click()
    await button(texts['approval.release']).waitFor()
    await page.getByRole('radio', { name: texts['decide.approved'] }).check()
    await page.getByLabel('Konto').fill('1234')
    await button(texts['decide.send']).click()
    await page.getByRole('heading', { name: texts['approval.outcome.approved'] }).waitFor()
    expect(await demo.app.engine.outcome(payment)).toMatchObject({ status: 'completed' })
  })

  test('not reject without saying why', async () => {
    const payment = await start('payment', { association: 'Andeby Skak', amount: 900 })
    const id = await approvalOf(demo, payment)
    await go(`/approvals/${id}`)
    await page.getByRole('radio', { name: texts['decide.rejected'] }).check()
    await button(texts['decide.send']).click()
    expect((await demo.call('GET', `/api/v1/approvals/${id}`)).json.status).toBe('open')
    await page.getByLabel(texts['decide.comment']).fill('Beløbet er forkert')
    await button(texts['decide.send']).click()
    await page.getByRole('heading', { name: texts['approval.outcome.rejected'] }).waitFor()
    expect((await demo.call('GET', `/api/v1/approvals/${id}`)).json.status).toBe('rejected')
  })

  test('hand an approval on to others, but not to nobody', async () => {
    const id = await approvalOf(demo, await start('payment', { association: 'Andeby Dans', amount: 900 }))
    await go(`/approvals/${id}`)
    await button(texts['reassign.open']).click()
    const dialog = page.getByRole('dialog')
    const confirm = dialog.getByRole('button', { name: texts['reassign.open'] })
    await confirm.click()
    await dialog.getByRole('heading', { name: problemText(language, 'SLUSE-REQUEST') }).waitFor()
    await dialog.getByLabel(texts['reassign.users']).fill('rip, rap')
    await dialog.getByLabel(texts['decide.comment']).fill('Jeg har ferie')
    expect(await accessibilityFaults(page)).toEqual([])
    await confirm.click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('row').filter({ hasText: texts['approval.event.reassigned'] }).waitFor()
    expect((await demo.call('GET', `/api/v1/approvals/${id}`)).json.asked).toMatchObject([
      { users: ['rip', 'rap'], groups: [], roles: [] },
    ])
  })

  test('verify the audit log, make a key that is shown once, and revoke it', async () => {
    await go('/audit')
    await button(texts['audit.verify']).click()
    await page.getByText(texts['audit.intact']).waitFor()
    await go('/access')
    await button(texts['key.new']).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(texts['access.name']).fill('Nightly')
    await dialog.getByLabel(texts['access.roles']).fill('viewer@andeby')
    await dialog.getByRole('button', { name: texts['key.make'] }).click()
    await dialog.getByText(/^sluse_/).waitFor()
    await dialog.getByRole('button', { name: texts['key.done'] }).click()
    await page.getByRole('button', { name: `${texts['access.revoke']} Nightly` }).click()
    await page.getByRole('dialog').getByRole('button', { name: texts['access.revoke'] }).click()
    await page.getByText(texts['access.revoked']).waitFor()
  })

  test('do without a mouse: skip the navigation, open a run, leave a dialog', async () => {
    await go('/runs?status=faulted')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.className')).toBe('skip-link')
    await page.keyboard.press('Enter')
    const focused = () =>
      page.evaluate<string>(
        'document.activeElement.textContent + document.activeElement.getAttribute("href")',
      )
    for (
      let presses = 0;
      presses < 30 && !(await focused()).includes(`/runs/${demo.runs.failed}`);
      presses++
    ) {
      await page.keyboard.press('Tab')
    }
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/runs/${demo.runs.failed}`)
    await page.getByRole('heading', { level: 1, name: 'grant-application' }).waitFor()
    await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('H1')
    await button(texts['action.rerun']).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  test('change the language, and find it again', async () => {
    await go('/')
    const other = language === 'da' ? 'en' : 'da'
    await button(other === 'da' ? 'Dansk' : 'English').click()
    await expect.poll(() => page.getAttribute('html', 'lang')).toBe(other)
    await page.reload()
    await settled(page)
    expect(await page.getAttribute('html', 'lang')).toBe(other)
    await button(language === 'da' ? 'Dansk' : 'English').click()
    await expect.poll(() => page.getAttribute('html', 'lang')).toBe(language)
  })
})
