import { readdirSync, readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { openBrowser } from '../test/console/browser.ts'
import { openServer } from '../src/server/testing/open-server.ts'

/**
 * The console at scale, in a real browser: a list of 100,000 runs and a run of 10,000 tasks, how long until one sees
 * them and how long a scroll takes; how long the server needs for a page of the list under each filter; and how much
 * the first visit loads.
 * `npm run bench:console [runs] [tasks]`; it prints one JSON object.
 */
const runs = Number(process.argv[2] ?? 100_000)
const tasks = Number(process.argv[3] ?? 10_000)

const head = (name: string) =>
  `document: { dsl: '1.0.3', namespace: bench, name: ${name}, version: '1.0.0' }\n`
const server = await openServer(
  {
    'pipelines/small.yaml': `${head('small')}do:\n  - one: { set: { x: 1 } }\n`,
    'pipelines/many.yaml': `${head('many')}do:\n  - each:\n      for: { in: '[range(.)]' }\n      do:\n        - step: { set: { x: '\${ $item }' } }\n`,
  },
  { consoleFolder: 'dist/console' },
)
const browser = await openBrowser()
try {
  const definition = { namespace: 'bench', name: 'small', version: '1.0.0' }
  for (let at = 0; at < runs; at += 1000) {
    const batch = Array.from({ length: Math.min(1000, runs - at) }, (_, index) =>
      server.app.engine.start({ definition, idempotencyKey: `case-${at + index}` }),
    )
    await Promise.all((await Promise.all(batch)).map(({ id }) => server.app.engine.outcome(id)))
  }
  const { id } = await server.app.engine.start({ definition: { ...definition, name: 'many' }, input: tasks })
  await server.app.engine.outcome(id)

  const { page } = await browser.open(server.url, { language: 'en' })
  await page.locator('.tile').first().waitFor()
  const firstLoad = await transferred(page)
  const list = await measure(page, `${server.url}/runs`, 'tr[data-index]')
  const run = await measure(page, `${server.url}/runs/${id}`, 'tbody[data-index]')
  const searchMs = await searches()
  const load = loadavg()[0]
  console.log(
    JSON.stringify(
      { runs, tasks, load, firstLoadBytes: firstLoad, allBrotliBytes: brotliBytes(), list, run, searchMs },
      undefined,
      2,
    ),
  )
} finally {
  await browser.close()
  await server.close()
}

/** Milliseconds until the first row is seen, of the slowest of 30 scrolls, and how many rows the page holds. */
async function measure(page: Page, address: string, row: string) {
  const began = performance.now()
  await page.goto(address)
  await page.locator(row).first().waitFor()
  const openMs = Math.round(performance.now() - began)
  let slowestScrollMs = 0
  for (let step = 0; step < 30; step++) {
    const took = await page.evaluate<number>(`new Promise((resolve) => {
      const began = performance.now()
      window.scrollBy(0, 2000)
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)))
    })`)
    slowestScrollMs = Math.max(slowestScrollMs, took)
  }
  return { openMs, slowestScrollMs: Math.round(slowestScrollMs), rowsInPage: await page.locator(row).count() }
}

/** Milliseconds until a page of the list is there, the slower of two, for what one may ask. */
async function searches(): Promise<{ readonly [what: string]: number }> {
  const asked = {
    newest: '?limit=100',
    oldest: '?limit=100&cursor=200',
    status: '?limit=100&status=completed',
    statusOfNone: '?limit=100&status=faulted,suspended',
    pipeline: '?limit=100&namespace=bench&name=small',
    time: `?limit=100&to=${new Date(Date.now() - 3_600_000).toISOString()}`,
    text: '?limit=100&text=small',
    textOfNone: '?limit=100&text=nowhere',
    correlation: `?correlation=case-${Math.floor(runs / 2)}`,
    overview: '',
  }
  const found: { [what: string]: number } = {}
  for (const [what, query] of Object.entries(asked)) {
    for (let time = 0; time < 2; time++) {
      const began = performance.now()
      await server.call('GET', what === 'overview' ? '/api/v1/overview' : `/api/v1/runs${query}`)
      found[what] = Math.max(found[what] ?? 0, Math.round(performance.now() - began))
    }
  }
  return found
}

/** Bytes over the wire of all that the first page needed. */
async function transferred(page: Page): Promise<number> {
  return page.evaluate<number>(
    `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
       .filter(({ name }) => !name.includes('/api/')).reduce((sum, { transferSize }) => sum + transferSize, 0)`,
  )
}

/** Of every page together, compressed. */
function brotliBytes(): number {
  return readdirSync('dist/console', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.br'))
    .reduce((sum, name) => sum + readFileSync(join('dist/console', name)).byteLength, 0)
}
