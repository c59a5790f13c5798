import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { da } from '../../console/src/texts/da.ts'
import { en } from '../../console/src/texts/en.ts'
import { openServer, type TestServer } from '../../src/server/testing/open-server.ts'
import type { OpenPage } from './browser.ts'
import { accessibilityFaults, overflow, settled } from './check-page.ts'
import { recordFiles } from './records.ts'
import { browserMissing, useBrowser } from './use-browser.ts'

const browser = useBrowser()

/** Records that went wrong: an operator is told of them, sees why, and puts them right. */
describe.skipIf(browserMissing).each([
  ['da', da],
  ['en', en],
] as const)('with bad records, in language %s,', (language, texts) => {
  let server: TestServer
  let open: OpenPage
  let page: Page
  beforeAll(async () => {
    server = await openServer(recordFiles)
    open = await browser.open(server.url, { language })
    page = open.page
    page.setDefaultTimeout(20_000)
  })
  afterAll(async () => {
    expect(open.faults).toEqual([])
    await Promise.all([open.context.close(), server.close()])
  })

  const go = async (path: string) => {
    await page.goto(server.url + path)
    await settled(page)
  }
  const call = async (method: string, path: string, json?: unknown) =>
    (await server.call(method, `/api/v1/${path}`, { ...(json !== undefined && { json }) })).json
  const start = async (name: string) => (await call('POST', `pipelines/andeby/${name}/runs`, {})).id as string
  const text = (key: keyof typeof da, values: { readonly [name: string]: string } = {}) =>
    texts[key].replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
  const row = (origin: string) =>
    page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: origin, exact: true }) })
  const accessible = async () => {
    expect(await accessibilityFaults(page)).toEqual([])
    await page.setViewportSize({ width: 320, height: 640 })
    expect(await overflow(page)).toBeLessThanOrEqual(0)
    await page.setViewportSize({ width: 1280, height: 900 })
  }
  const picture = async (name: string) => {
    const folder = process.env.SLUSE_TEST_PICTURES
    if (folder) writeFileSync(join(folder, `${name}-${language}.png`), await page.screenshot({ type: 'png' }))
  }
  /** From the list, the transfer that the others replay. */
  const openFirst = async () => {
    const { transfers } = await call('GET', 'transfers')
    const { id } = (transfers as { id: string; kind: string }[]).find(({ kind }) => kind === 'run')!
    await go('/transfers')
    await page.locator(`a[href="/transfers/${id}"]`).click()
    await page.waitForURL(`**/transfers/${id}`)
  }
  const delivered = (file: string) =>
    readFileSync(join(server.project, 'archive', file), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)

  test('the overview says nothing while nothing needs anybody', async () => {
    await go('/')
    await page.getByRole('heading', { name: texts['overview.slow'] }).waitFor()
    expect(await page.getByRole('heading', { name: texts['attention.title'] }).count()).toBe(0)
  })

  test('the overview leads to the approvals, dead letters and targets that need somebody', async () => {
    await server.app.engine.outcome(await start('move'))
    await start('payment')
    await call('POST', 'targets/unused/hold')
    await expect.poll(async () => (await call('GET', 'approvals')).approvals.length as number).toBe(1)
    const tile = (label: string) => page.locator('.tile', { hasText: label })
    for (const [label, note, number, address] of [
      ['attention.approvals', text('attention.newest', { title: 'Udbetaling' }), '1', '/approvals'],
      ['attention.deadLetters', texts['attention.deadLettersNote'], '3', '/transfers?part=dead-letters'],
      ['attention.targets', `unused: ${texts['targets.state.held']}`, '1', '/targets'],
    ] as const) {
      await go('/')
      await tile(texts[label]).getByText(note).waitFor()
      expect(await tile(texts[label]).locator('.tile-number').textContent()).toBe(number)
      if (number === '3') {
        await accessible()
        await picture('overview')
      }
      await tile(texts[label]).click()
      await page.waitForURL(server.url + address)
    }
  })

  test('the dead letters have their reasons', async () => {
    await go('/transfers?part=dead-letters')
    await row('in.ndjson:2')
      .getByText(text('letters.step', { step: '1' }))
      .waitFor()
    expect(await row('in.ndjson:2').textContent()).toMatch(/cannot be divided/)
    await row('in.ndjson:5').getByText(texts['letters.unread']).waitFor()
    await accessible()
    await picture('dead-letters')
  })

  test('one is looked at without what is personal, corrected, and replayed', async () => {
    await go('/transfers?part=dead-letters')
    await row('in.ndjson:2').getByRole('button', { name: texts['letters.look'] }).click()
    const dialog = page.getByRole('dialog')
    const field = dialog.getByLabel(texts['letters.json'])
    await expect.poll(() => field.inputValue()).toContain('"ten"')
    expect(await field.inputValue()).not.toContain('0202905678')
    await dialog.getByText(/^string \("ten"\) and number \(2\) cannot be divided$/).waitFor()
    await accessible()
    await picture('dead-letter')
    await field.fill('{ "id": 2, ')
    await dialog.getByText(texts['json.invalid']).waitFor()
    await field.fill('{ "id": 2, "cpr": "•••", "amount": 20 }')
    await dialog.getByRole('button', { name: texts['letters.saveAndReplay'] }).click()
    await dialog.waitFor({ state: 'detached' })
    await row('in.ndjson:2').getByText(texts['letters.status.replayed'], { exact: true }).waitFor()
    expect(delivered('out.ndjson')).toContainEqual({ id: 2, cpr: '0202905678', half: 10 })
  })

  test('one that is no JSON is not shown where there is personal data, and its reason is', async () => {
    await go('/transfers?part=dead-letters')
    await row('in.ndjson:5').getByRole('button', { name: texts['letters.look'] }).click()
    await page.getByRole('dialog').getByText(texts['letters.notShown']).waitFor()
    await page
      .getByRole('dialog')
      .getByText(/not JSON: it ends too early/)
      .waitFor()
  })

  test('many are replayed at once: what is still wrong comes back, one attempt later', async () => {
    const { letters } = await call('GET', 'dead-letters?status=open')
    const { number } = (letters as { number: number; origin: string }[]).find(
      ({ origin }) => origin === 'in.ndjson:4',
    )!
    await call('PUT', `dead-letters/${number}`, { record: { id: 4, cpr: '•••', amount: 40 } })
    await go('/transfers?part=dead-letters')
    await page.getByRole('checkbox', { name: texts['letters.chooseAll'] }).check()
    await page.getByText(text('bulk.chosen.other', { count: '2' })).waitFor()
    await page.getByRole('button', { name: texts['letters.replay'], exact: true }).click()
    await page.getByText(text('letters.done.other', { count: '2' })).waitFor()
    await row('in.ndjson:4').getByText(texts['letters.status.replayed'], { exact: true }).waitFor()
    expect(delivered('out.ndjson')).toContainEqual({ id: 4, cpr: '0404903456', half: 20 })
    await expect
      .poll(async () => (await call('GET', 'dead-letters?status=open')).letters, { timeout: 20_000 })
      .toMatchObject([{ origin: 'in.ndjson:5', attempts: 2 }])
  })

  test('a transfer shows what each of its targets has, and its records', async () => {
    await openFirst()
    for (const target of ['archive', 'copy']) {
      const cells = page
        .getByRole('row')
        .filter({ has: page.getByRole('rowheader', { name: new RegExp(`^${target}`) }) })
        .getByRole('cell')
      await cells.first().getByText(texts['transfer.status.completed']).waitFor()
      expect((await cells.allTextContents()).slice(1, 4)).toEqual(['2', '0', '0'])
    }
    await row('in.ndjson:2').getByText(texts['letters.status.replayed'], { exact: true }).waitFor()
    await page.getByRole('button', { name: texts['preview.show'] }).click()
    await page.getByRole('cell', { name: '•••' }).first().waitFor()
    await accessible()
    await picture('transfer')
  })

  test('all of a transfer is delivered to one target again, after a question', async () => {
    await openFirst()
    await page.getByRole('button', { name: `${texts['again.deliver']} copy` }).click()
    const { pathname } = new URL(page.url())
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('heading', { name: text('again.title', { count: '2', target: 'copy' }) }).waitFor()
    await dialog.getByRole('button', { name: texts['again.deliver'] }).click()
    await page.waitForURL((url) => /^\/transfers\/./.test(url.pathname) && url.pathname !== pathname)
    await page.locator('.page-head').getByText(texts['transfer.status.completed']).waitFor()
    const { transfers } = await call('GET', 'transfers?limit=1')
    expect(transfers).toMatchObject([{ kind: 'replay', status: 'completed', targets: ['copy'] }])
  })
})
