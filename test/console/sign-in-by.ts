import type { Page } from 'playwright-core'
import { settled } from './check-page.ts'

/** Follows the link to the provider at `issuer`, signs in there, and is back at a page of `back`. */
export async function signInBy(
  page: Page,
  link: string,
  { issuer, account, back }: { readonly issuer: string; readonly account: string; readonly back: string },
): Promise<void> {
  await page.getByRole('link', { name: link, exact: true }).click()
  await page.waitForURL(`${issuer}/**`)
  await page.getByLabel('Account').fill(account)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL(back)
  await settled(page)
}
