import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { RunRow } from '../../src/engines/run/run-row.ts'
import type { Workflow } from '../../src/workflow/definition/index.ts'

/** What Temporal keeps of a workflow, as JSON in the manner of its own tools. */
export interface StoredHistory {
  readonly workflowId: string
  readonly history: unknown
}

/** What the records keep of a run: its row, the rows of its journal as they are written, the definition as it was checked. */
export interface StoredJournal {
  readonly run: RunRow
  readonly workflow: Workflow
  readonly journal: readonly string[]
}

/** On Temporal as it comes, and with each effect an activity by itself. */
export const temporalKinds = ['temporal', 'temporal-single'] as const

type Kind = (typeof temporalKinds)[number] | 'journals'

/** A folder for each release, which nobody changes any more, and `next` for what is not released yet. */
const folder = new URL('recorded/', import.meta.url)

/** The key of what is stored, and of nothing else. */
export const storedKey = createHash('sha256').update('the stored histories of Sluse').digest()

export function releases(): string[] {
  return readdirSync(folder).sort()
}

export function readCases<T>(release: string, kind: Kind): { name: string; entries: T[] }[] {
  const cases = new URL(`${release}/${kind}/`, folder)
  if (!existsSync(cases)) return []
  return readdirSync(cases)
    .sort()
    .map((file) => {
      const lines = readFileSync(new URL(file, cases), 'utf8').trim().split('\n')
      return { name: file.replace('.ndjson', ''), entries: lines.map((line) => JSON.parse(line) as T) }
    })
}

export function forgetNext(kind: Kind): void {
  rmSync(new URL(`next/${kind}/`, folder), { recursive: true, force: true })
}

export function writeCase(
  kind: Kind,
  name: string,
  entries: readonly (StoredHistory | StoredJournal)[],
): void {
  const cases = new URL(`next/${kind}/`, folder)
  mkdirSync(cases, { recursive: true })
  writeFileSync(
    new URL(`${name}.ndjson`, cases),
    entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''),
  )
}
