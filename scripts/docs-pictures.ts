import { mkdirSync, writeFileSync } from 'node:fs'
import { openBrowser } from '../test/console/browser.ts'
import { settled } from '../test/console/check-page.ts'
import { openDemo } from '../test/console/demo.ts'
import { pagesOf } from '../test/console/pages.ts'

/** The pictures of the manual, from a real browser on a real server: `npm run docs:pictures`. */
const shown = [
  'overview',
  'runs',
  'run',
  'run-failed',
  'run-graph',
  'run-logs',
  'approvals',
  'approval',
  'pipelines',
  'pipeline-start',
  'pipeline-versions',
  'transfers',
  'transfer',
  'dead-letters',
  'connections',
  'targets',
  'playground',
  'audit',
  'access',
] as const

/** The finance system is given up after two calls, so that a picture of that need not wait. */
const impatient = {
  'policies/finance.yaml': `apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata: { name: finance }
spec:
  policies:
    retries: { once: { policy: constant, duration: 1s, maxRetries: 1 } }
    circuitBreakers: { quick: { maxRequests: 1, timeout: 600s, trip: consecutiveFailures > 1 } }
  targets: { apps: { økonomi: { retry: once, circuitBreaker: quick } } }
`,
}

const folder = 'docs/manual/pictures'
const [demo, browser] = await Promise.all([
  openDemo(impatient, { consoleFolder: 'dist/console' }),
  openBrowser(),
])
try {
  await troubles()
  mkdirSync(folder, { recursive: true })
  const pages = pagesOf(demo.runs)
  const take = async (name: string, view: Parameters<typeof browser.open>[1] & { language: 'da' | 'en' }) => {
    const { page, context } = await browser.open(demo.url + (pages[name] ?? ''), view)
    await settled(page)
    // What is read from the server comes after the page itself.
    await page.waitForLoadState('networkidle').catch(() => undefined)
    const suffix = `${view.dark ? '-dark' : ''}${view.width === 320 ? '-narrow' : ''}`
    writeFileSync(`${folder}/${name}-${view.language}${suffix}.png`, await page.screenshot({ type: 'png' }))
    await context.close()
  }
  for (const language of ['da', 'en'] as const) {
    for (const name of shown) await take(name, { language, width: 1200, height: 820 })
    await take('run-failed', { language, width: 1200, height: 820, dark: true })
    await take('runs', { language, width: 320, height: 720 })
  }
} finally {
  await browser.close()
  await demo.close()
}

interface Attention {
  readonly targets?: readonly { readonly state: string }[]
}

/** What an operator finds at night: a target that does not answer, with a run that waits for it, and one held back. */
async function troubles(): Promise<void> {
  for (let run = 0; run < 3; run++) await demo.call('POST', '/api/v1/pipelines/andeby/post-to-finance/runs')
  await demo.call('POST', '/api/v1/targets/archive/hold')
  await demo.call('POST', '/api/v1/pipelines/andeby/month-end/disable')
  for (let time = 0; time < 150; time++) {
    const { json } = (await demo.call('GET', '/api/v1/overview')) as { json: { attention: Attention } }
    if (json.attention.targets?.some(({ state }) => state === 'open')) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error('The breaker of the finance system did not open.')
}
