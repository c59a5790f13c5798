import type { CaseResult } from './run-case.ts'

export interface FileResult {
  /** Relative to the working folder. */
  readonly file: string
  readonly cases: readonly CaseResult[]
}

/** The results as JUnit XML, which every continuous integration reads. */
export function junit(files: readonly FileResult[]): string {
  const suites = files.map(({ file, cases }) => {
    const failed = cases.filter(({ passed }) => !passed).length
    const time = cases.reduce((sum, { took }) => sum + took, 0) / 1000
    const tests = cases.map(({ name, took, failures }) => {
      const head = `    <testcase name="${escape(name)}" classname="${escape(file)}" time="${took / 1000}"`
      if (failures.length === 0) return `${head}/>`
      const text = escape(failures.join('\n'))
      return `${head}>\n      <failure message="${escape(failures[0] ?? '')}">${text}</failure>\n    </testcase>`
    })
    return [
      `  <testsuite name="${escape(file)}" tests="${cases.length}" failures="${failed}" time="${time}">`,
      ...tests,
      '  </testsuite>',
    ].join('\n')
  })
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('\n')}\n</testsuites>\n`
}

function escape(text: string): string {
  const entities: { readonly [character: string]: string } = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  }

  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replace(/[&<>"]/g, (each) => entities[each] ?? '')
}
