import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { files, page } from './docs-definition.ts'

test.each(Object.entries(files))('%s is what the declarations say', (file, make) => {
  expect(readFileSync(file, 'utf8')).toBe(make())
})

test('every link of the page leads to one of its headings', () => {
  const text = page()
  const headings = [...text.matchAll(/^## (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-'),
  )
  const links = [...text.matchAll(/\]\(#([^)]*)\)/g)].map((match) => match[1] ?? '')
  expect(new Set(headings).size).toBe(headings.length)
  expect(links.filter((link) => !headings.includes(link))).toEqual([])
})
