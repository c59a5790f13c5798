import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, openBrowser, type TestBrowser } from './browser.ts'
import { settled } from './check-page.ts'
import { openDemo, type Demo } from './demo.ts'

const missing = chromiumPath === undefined && process.env.SLUSE_TEST_REQUIRE_SERVERS !== '1'

const attack = `<img src=x onerror=window.injected=1><script>window.injected=1</script>`
const quoted = JSON.stringify(attack)
const link = '[click](javascript:window.injected=1)'

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
  'pipelines/wrong.yaml': `document: { dsl: '1.0.3', namespace: andeby, name: wrong, version: '1.0.0' }
do:
  - ${quoted}: { sit: 1 }
`,
}

describe.skipIf(missing)('nothing in a definition, a record or an error', () => {
  let demo: Demo
  let browser: TestBrowser
  let run: string
  beforeAll(async () => {
    ;[demo, browser] = await Promise.all([openDemo(files), openBrowser()])
    const json = { input: { [attack]: attack } }
    run = (await demo.call('POST', '/api/v1/pipelines/andeby/attack/runs', { json })).json.id as string
    await demo.app.engine.outcome(run)
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
      '/audit',
    ]) {
      await page.goto(demo.url + path)
      await settled(page)
      expect(await page.locator('img[src=x], script:not([src]), a[href^="javascript:"]').count(), path).toBe(
        0,
      )
      expect(await page.evaluate('window.injected'), path).toBeUndefined()
    }
    expect(faults).toEqual([])
    // It was shown, as the text that it is.
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
