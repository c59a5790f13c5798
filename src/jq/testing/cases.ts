/** Reads jq's own test files: a filter, its input, and its outputs, one a line; or a filter that is not valid. */
export interface Case {
  readonly line: number
  readonly filter: string
  /** Missing for a filter that must not compile. */
  readonly input: string | undefined
  readonly outputs: readonly string[]
}

export function readCases(text: string): Case[] {
  const lines = text.split('\n')
  const cases: Case[] = []
  const isBlank = (line: string | undefined): boolean => line === undefined || /^\s*(?:#|$)/.test(line)
  for (let i = 0; i < lines.length;) {
    if (isBlank(lines[i])) {
      i++
      continue
    }
    const mustFail = (lines[i] as string).startsWith('%%FAIL')
    if (mustFail) i++
    const line = i + 1
    const filter = lines[i++] as string
    const input = mustFail ? undefined : lines[i++]
    const outputs: string[] = []
    while (i < lines.length && !isBlank(lines[i])) outputs.push(lines[i++] as string)
    cases.push({ line, filter, input, outputs })
  }
  return cases
}
