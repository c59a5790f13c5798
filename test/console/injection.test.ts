import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBrowser, type TestBrowser } from './browser.ts'
import { da as texts } from '../../console/src/texts/da.ts'
import { settled } from './check-page.ts'
import { approvalOf, openDemo, type Demo } from './demo.ts'
import { browserMissing } from './use-browser.ts'

const attack = `<img src=x onerror=window.injected=1><script>window.injected=1</script>`
const quoted = JSON.stringify(attack)
const link = '[click](javascript:window.injected=1)'
const fileName = '<img src=x onerror=window.injected=1>.ndjson'

/** Markup in every place that somebody else may write. */
const files = {
  'pipelines/attack.yaml': `document: { dsl: '1.0.3', namespace: andeby, name: attack, version: '1.0.0', title: ${quoted}, summary: ${quoted} }
input: { schema: { document: { type: object, title: ${quoted}, description: ${quoted}, properties: { ${quoted}: { type: string, title: ${quoted}, description: ${quoted}, enum: [${quoted}] } } } } }
do:
  - ${quoted}:
      set: { ${quoted}: '\${ . }' }
  - fall:
      raise: { error: { type: 'https://example.dk/fell', status: 418, title: ${quoted}, detail: ${JSON.stringify(attack + link)} } }
`,
  'pipelines/<img src=x onerror=window.injected=1>.yaml': `document: { dsl: '1.0.3', namespace: andeby, name: wrong, version: '1.0.0' }
do:
  - ${quoted}: { sit: 1 }
`,
  'functions/shout/1.0.0/function.yaml': `run: { shell: { command: node shout.mjs } }
metadata: { protocol: ndjson }
`,
  'functions/shout/1.0.0/shout.mjs': `import { createInterface } from 'node:readline'
for await (const line of createInterface({ input: process.stdin })) {
  console.error(${JSON.stringify(attack)})
  console.log(line)
}
`,
  'pipelines/shouts.yaml': `document: { dsl: '1.0.3', namespace: andeby, name: shouts, version: '1.0.0', tags: { case: ${quoted} } }
do:
  - shout: { call: 'shout:1.0.0@default', with: { a: 1 } }
`,
  'pipelines/ask.yaml': `document: { dsl: '1.0.3', namespace: andeby, name: ask, version: '1.0.0' }
do:
  - ask:
      call: approve:1.0.0@default
      with:
        title: ${quoted}
        description: ${JSON.stringify(`${attack}\n\n${link}\n\n![x](javascript:window.injected=1)\n\n<${attack}>`)}
        show:
          - { title: ${quoted}, document: { ${quoted}: ${quoted} } }
          - { title: ${quoted}, table: { key: a, columns: [{ field: a, title: ${quoted} }], rows: [{ a: ${quoted} }] } }
        form: { type: object, properties: { a: { type: string, title: ${quoted}, description: ${quoted} } } }
        approvers: { roles: [approver] }
        fourEyes: false
`,
  [`files/${fileName}`]: `${JSON.stringify({ [attack]: attack, amount: 'ten' })}\n${JSON.stringify({ [attack]: attack, amount: 10 })}\n`,
  'archive/.keep': '',
  'connections/files.yaml': ['files', 'archive']
    .map(
      (name) => `apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: ${name} }
spec: { type: bindings.localstorage, version: v1, metadata: [{ name: rootPath, value: ${name} }] }
`,
    )
    .join('---\n'),
  'pipelines/move.yaml': `document: { dsl: '1.0.3', namespace: andeby, name: move, version: '1.0.0' }
do:
  - move:
      call: transfer:1.0.0@default
      with:
        from: { connection: files, path: ${JSON.stringify(fileName)} }
        through: [{ map: 'if .amount == "ten" then error(${JSON.stringify(attack).replaceAll("'", "''")}) else . end' }]
        to: [{ name: ${quoted}, connection: archive, path: out.ndjson }]
`,
}

describe.skipIf(browserMissing)('nothing in a definition, a record or an error', () => {
  let demo: Demo
  let browser: TestBrowser
  let run: string
  let shouts: string
  let asked: string
  let transfer: string
  beforeAll(async () => {
    ;[demo, browser] = await Promise.all([openDemo(files), openBrowser()])
    const start = async (name: string) => {
      const json = { input: { [attack]: attack } }
      const headers = { 'idempotency-key': attack, 'sluse-purpose': encodeURIComponent(attack) }
      const path = `/api/v1/pipelines/andeby/${name}/runs`
      return (await demo.call('POST', path, { json, headers })).json.id as string
    }
    run = await start('attack')
    shouts = await start('shouts')
    const moves = await start('move')
    asked = await approvalOf(demo, await start('ask'))
    for (const id of [run, shouts, moves]) await demo.app.engine.outcome(id)
    transfer = (await demo.call('GET', `/api/v1/transfers?run=${moves}`)).json.transfers[0].id as string
    await demo.call('POST', '/events', {
      body: JSON.stringify({ specversion: '1.0', id: attack, source: '/x', type: attack, data: attack }),
      headers: { 'content-type': 'application/cloudevents+json' },
    })
  })
  afterAll(async () => {
    await Promise.all([demo.close(), browser.close()])
  })

  test('becomes markup, on any page', async () => {
    const { page, faults } = await browser.open(demo.url)
    const key = encodeURIComponent(`/do/0/${attack.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    for (const path of [
      '/',
      '/runs',
      `/runs?text=${encodeURIComponent(attack)}`,
      `/runs/${run}`,
      `/runs/${run}?task=${key}`,
      ...['graph', 'data', 'events', 'source'].map((tab) => `/runs/${run}?tab=${tab}`),
      '/pipelines',
      ...['graph', 'start', 'source', 'runs'].map((tab) => `/pipelines/andeby/attack?tab=${tab}`),
      `/playground?run=${encodeURIComponent(attack)}`,
      `/${encodeURIComponent(attack)}`,
      `/runs/${shouts}`,
      `/runs/${shouts}?tab=logs`,
      `/runs?correlation=${encodeURIComponent(attack)}`,
      '/approvals?box=all',
      `/approvals/${asked}`,
      '/transfers',
      '/transfers?part=dead-letters',
      '/transfers?part=datasets',
      `/transfers/${transfer}`,
      '/connections',
      '/targets',
      '/audit',
    ]) {
      await page.goto(demo.url + path)
      await settled(page)
      expect(await page.locator('img[src=x], script:not([src]), a[href^="javascript:"]').count(), path).toBe(
        0,
      )
      expect(await page.evaluate('window.injected'), path).toBeUndefined()
    }
    // A record that went wrong, looked at.
    await page.goto(`${demo.url}/transfers?part=dead-letters`)
    await page.getByRole('button', { name: texts['letters.look'] }).first().click()
    await expect.poll(() => page.getByRole('dialog').getByRole('textbox').inputValue()).toContain('<img')
    expect(await page.locator('img[src=x], script:not([src]), a[href^="javascript:"]').count()).toBe(0)
    expect(faults).toEqual([])
    // It was shown, as the text that it is.
    await page.goto(`${demo.url}/runs/${shouts}?tab=logs`)
    await page.locator('.log').getByText(attack).first().waitFor()
    await page.goto(`${demo.url}/runs/${run}`)
    await page.getByText(attack).first().waitFor()
  })

  test('could become markup if it got that far: the browser refuses code that is not a file of ours', async () => {
    const { page } = await browser.open(demo.url)
    await settled(page)
    for (const attempt of [
      `document.body.insertAdjacentHTML('beforeend', ${JSON.stringify(attack)})`,
      `document.createElement('img').setAttribute('onerror', 'window.injected = 1')`,
      `document.createElement('script').text = 'window.injected = 1'`,
    ]) {
      await expect(page.evaluate(attempt), attempt).rejects.toThrow(/Trusted(?:HTML|Script)/)
    }
    expect(await page.evaluate('window.injected')).toBeUndefined()
  })
})
