import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBrowser, type OpenPage, type TestBrowser } from './browser.ts'
import { accessibilityFaults, overflow, settled } from './check-page.ts'
import { openDemo, type Demo } from './demo.ts'
import { pagesOf } from './pages.ts'
import { browserMissing } from './use-browser.ts'

describe.skipIf(browserMissing)('every page', () => {
  let demo: Demo
  let browser: TestBrowser
  beforeAll(async () => {
    ;[demo, browser] = await Promise.all([openDemo(), openBrowser()])
  })
  afterAll(async () => {
    await Promise.all([demo.close(), browser.close()])
  })

  const names = Object.keys(pagesOf({} as Demo['runs']))
  const addressOf = (name: string) => demo.url + (pagesOf(demo.runs)[name] ?? '')

  describe.each(['da', 'en'] as const)('in language %s', (language) => {
    let open: OpenPage
    beforeAll(async () => {
      open = await browser.open(demo.url, { language })
    })
    afterAll(() => open.context.close())

    test.each(names)('%s has no accessibility fault, light or dark, and fits 320 pixels', async (name) => {
      const { page, faults } = open
      await page.goto(addressOf(name))
      await settled(page)
      expect(await page.getAttribute('html', 'lang')).toBe(language)
      expect(await page.title()).toMatch(/^\S.* · Sluse$/)
      expect(await accessibilityFaults(page)).toEqual([])
      // Colours do not depend on the language.
      if (language === 'da') {
        await page.emulateMedia({ colorScheme: 'dark' })
        expect(await accessibilityFaults(page, ['color-contrast'])).toEqual([])
        await page.emulateMedia({ colorScheme: 'light' })
      }
      await page.setViewportSize({ width: 320, height: 640 })
      expect(await overflow(page)).toBeLessThanOrEqual(0)
      if (language === 'da') expect(await accessibilityFaults(page)).toEqual([])
      await page.setViewportSize({ width: 1280, height: 900 })
      // No error of a script, nothing that the content security policy stopped, no request to another host.
      expect(faults).toEqual([])
    })
  })
})
