/**
 * Writes `docs/reference/conformance.md` from the last run of the tests, or with `--check` fails where the page
 * is stale. Either way it fails where a rule of the specification has no passing test, or a test names a rule
 * that is not in the list: so the page cannot claim what is not shown.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { featureGroups, type FeatureGroup } from '../test/conformance/features.ts'
import { readings, type Reading } from '../test/conformance/readings.ts'

const resultsFile = '.cache/test-results.json'
const pageFile = 'docs/reference/conformance.md'

/** One test that shows rules. */
export interface ShownBy {
  /** From the repository's root. */
  readonly file: string
  /** Its name without tags. */
  readonly fact: string
  readonly features: readonly string[]
  readonly state: 'passed' | 'failed' | 'skipped'
}

/** The parts of vitest's JSON report that count here. */
export interface TestReport {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[]
  }[]
}

/** Every test whose name carries tags, `[flow.end][fork.error] an error ...`. */
export function shownBy(report: TestReport, root: string): ShownBy[] {
  // The same rules on another engine (`test/cluster`) are tried only where its server is: the page is the same everywhere.
  const here = report.testResults.filter(({ name }) => !relative(root, name).startsWith('test/cluster/'))
  return here.flatMap(({ name, assertionResults }) =>
    assertionResults.flatMap(({ title, status }): ShownBy[] => {
      const [, tags, fact] = /^((?:\[[a-z0-9.-]+\])+) (.*)$/su.exec(title) ?? []
      if (tags === undefined || fact === undefined) return []
      const state = status === 'passed' || status === 'failed' ? status : 'skipped'
      return [{ file: relative(root, name), fact, features: tags.slice(1, -1).split(']['), state }]
    }),
  )
}

/** What keeps the page from being true; empty where nothing does. */
export function faults(
  groups: readonly FeatureGroup[],
  texts: readonly Reading[],
  tests: readonly ShownBy[],
): string[] {
  const known = new Set(groups.flatMap((group) => Object.keys(group.features)))
  const passing = new Set(tests.filter(({ state }) => state === 'passed').flatMap(({ features }) => features))
  return [
    ...tests.flatMap(({ file, features }) =>
      features.filter((id) => !known.has(id)).map((id) => `${file} names a rule that is not listed: ${id}`),
    ),
    ...[...known].filter((id) => !passing.has(id)).map((id) => `no passing test shows ${id}`),
    ...tests.filter(({ state }) => state === 'failed').map(({ file, fact }) => `${file} fails: ${fact}`),
    ...texts
      .filter(({ shownBy: id }) => !known.has(id))
      .map(({ place }) => `the reading of ${place} names no listed rule`),
  ]
}

/** The page, the same for the same tests. */
export function page(
  groups: readonly FeatureGroup[],
  texts: readonly Reading[],
  tests: readonly ShownBy[],
): string {
  const ids = groups.flatMap((group) => Object.keys(group.features))
  const passed = tests.filter(({ state }) => state === 'passed')
  return `# Conformance to the Open Workflow Specification

<!-- Written by scripts/docs-conformance.ts from the results of the tests. Do not edit. -->

Sluse runs definitions of the Open Workflow Specification, DSL 1.0.0 to 1.0.3, and accepts what its renamed main
branch adds (\`catch.then\`, \`for.in\` with a list in place, \`evaluate\`, \`emit\` without \`source\`).

Three things hold it to that, each with every change:

- the specification's own conformance scenarios, from their text as it is (\`test/conformance/ctk\`);
- every example of the specification, from its text as it is, to a stated end (\`test/conformance/examples\`);
- ${passed.length} tests of the ${ids.length} rules below, on the real engine with real requests (\`test/conformance/rules\`).

The first two read the specification from a folder beside the repository and skip where it is missing.

${groups.map((group) => section(group, passed)).join('\n')}
## Where the specification is silent or contradicts itself

| Place | Question | How Sluse reads it | Why | Rule |
|---|---|---|---|---|
${texts.map((text) => row(text.place, text.question, text.reading, text.why, `\`${text.shownBy}\``)).join('\n')}
`
}

function section({ title, source, features }: FeatureGroup, tests: readonly ShownBy[]): string {
  const rows = Object.entries(features).map(([id, text]) => {
    const shown = tests.filter((test) => test.features.includes(id))
    const facts = [...new Set(shown.map(({ file, fact }) => `${fact} ([${short(file)}](../../${file}))`))]
    return row(`\`${id}\``, text, facts.sort().slice(0, shownAtMost).join('; ') + more(facts.length))
  })
  return `## ${title}\n\nSource: ${source}.\n\n| Rule | What it says | Shown by |\n|---|---|---|\n${rows.join('\n')}\n`
}

const shownAtMost = 3
const more = (count: number) => (count > shownAtMost ? `; and ${count - shownAtMost} more` : '')
const short = (file: string) => file.replace(/^.*\//, '').replace(/\.test\.ts$/, '')
const row = (...cells: string[]) =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`

function main(check: boolean): void {
  if (!existsSync(resultsFile)) throw new Error(`There is no ${resultsFile}: run npm test first.`)
  const tests = shownBy(JSON.parse(readFileSync(resultsFile, 'utf8')) as TestReport, process.cwd())
  const found = faults(featureGroups, readings, tests)
  const text = page(featureGroups, readings, tests)
  const stale = check && (!existsSync(pageFile) || readFileSync(pageFile, 'utf8') !== text)
  if (stale && found.length === 0) {
    found.push(`${pageFile} is stale: run npm test, then npm run docs:conformance`)
  }
  for (const fault of found) console.error(fault)
  if (found.length > 0) process.exitCode = 1
  else if (!check) {
    mkdirSync(dirname(pageFile), { recursive: true })
    writeFileSync(pageFile, text)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.includes('--check'))
