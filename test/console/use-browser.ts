import { afterAll, beforeAll } from 'vitest'
import { chromiumPath, openBrowser, type TestBrowser } from './browser.ts'

/** Whether tests in a browser are left out: there is none, and nobody says that there has to be. */
export const browserMissing = chromiumPath === undefined && process.env.SLUSE_TEST_REQUIRE_SERVERS !== '1'

/** One browser for all tests of a file. */
export function useBrowser(): Pick<TestBrowser, 'open'> {
  let browser: TestBrowser
  beforeAll(async () => {
    if (!browserMissing) browser = await openBrowser()
  })
  afterAll(async () => {
    if (!browserMissing) await browser.close()
  })
  return { open: (url, view) => browser.open(url, view) }
}
