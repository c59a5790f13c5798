import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Chromium of this machine, where there is one. */
export const chromiumPath = process.env.CHROMIUM ?? places.find((path) => existsSync(path))

export interface View {
  readonly language?: 'da' | 'en'
  readonly dark?: boolean
  readonly width?: number
  readonly height?: number
  /** Another address that the page may lead to: where one signs in. */
  readonly elsewhere?: string
}

export interface TestBrowser {
  /** A page of a browser that has not been here before. What goes wrong in it is gathered in `faults`. */
  open(url: string, view?: View): Promise<OpenPage>
  close(): Promise<void>
}

export interface OpenPage {
  readonly page: Page
  readonly context: BrowserContext
  /** Errors of scripts, what the content security policy stopped, and requests to other hosts. */
  readonly faults: string[]
}

/** A real browser that speaks with nobody but the address that a test opens. */
export async function openBrowser(): Promise<TestBrowser> {
  if (chromiumPath === undefined) throw new Error('There is no Chromium: scripts/install-test-servers.sh')
  const profile = mkdtempSync(join(tmpdir(), 'sluse-chromium-'))
  const browser: Browser = await chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--disk-cache-dir=${profile}`,
    ],
  })
  return {
    open: async (url, { language = 'da', dark = false, width = 1280, height = 900, elsewhere } = {}) => {
      const context = await browser.newContext({
        locale: language === 'da' ? 'da-DK' : 'en-GB',
        // Not Danish: the console shows Danish time wherever the browser is.
        timezoneId: 'America/New_York',
        colorScheme: dark ? 'dark' : 'light',
        viewport: { width, height },
        reducedMotion: 'reduce',
      })
      const page = await context.newPage()
      const faults: string[] = []
      page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
      page.on('console', (message) => {
        const text = message.text()
        // What the server refuses, the page shows; the browser says it as well.
        if (message.type() === 'error' && !text.startsWith('Failed to load resource')) faults.push(text)
      })
      page.on('request', (request) => {
        const { origin, protocol } = new URL(request.url())
        const known = [new URL(url).origin, elsewhere].includes(origin) || protocol === 'data:'
        if (!known) faults.push(`elsewhere: ${request.url()}`)
      })
      await page.goto(url)
      return { page, context, faults }
    },
    close: async () => {
      await browser.close()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}
