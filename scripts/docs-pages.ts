import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Generated pages by their files. */
export type Pages = { readonly [file: string]: () => string }

/** Writes the pages where the module is what Node was started with. */
export function writePages(module: string, pages: Pages): void {
  if (!process.argv[1] || module !== pathToFileURL(process.argv[1]).href) return
  for (const [file, make] of Object.entries(pages)) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, make())
  }
}

export function code(text: string): string {
  return `\`${text}\``
}

/** Text that is fit for a cell of a table. */
export function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
