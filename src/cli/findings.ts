import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { Finding } from '../workflow/definition/index.ts'
import { plain, type Terminal } from './terminal.ts'

/**
 * Findings for people, on standard error: `file:line:column  error  message`, the line of the source with a caret
 * below, and what to do. Files are relative to `folder`, and printed relative to where the user is.
 */
export function printFindings(findings: readonly Finding[], terminal: Terminal, folder = '.'): void {
  const sources = new Map<string, readonly string[]>()
  for (const finding of findings) {
    const { severity, code, message, todo, file, line, column } = finding
    const place = file === undefined ? '' : `${shown(folder, file)}:${line}:${column}  `
    const painted = terminal.paint(severity === 'error' ? 'red' : 'yellow', severity)
    terminal.note(
      `${terminal.paint('bold', place)}${painted}  ${plain(message)}  ${terminal.paint('dim', code)}`,
    )
    const source = file === undefined ? undefined : lineOf(resolve(folder, file), line, sources)
    if (source !== undefined && source.trim() !== '') {
      const { text, caret } = excerpt(source, column)
      terminal.note(`    ${text}`)
      terminal.note(`    ${terminal.paint('red', caret)}`)
    }
    terminal.note(`    ${terminal.paint('dim', plain(todo))}\n`)
  }
  const errors = findings.filter(({ severity }) => severity === 'error').length
  const warnings = findings.length - errors
  if (findings.length > 0) {
    const parts = [count(errors, 'error'), count(warnings, 'warning')].filter((part) => part !== '')
    terminal.note(parts.join(', '))
  }
}

/** Files as the user sees them, for JSON output. */
export function placed(findings: readonly Finding[], folder: string): readonly Finding[] {
  return findings.map((finding) =>
    finding.file === undefined ? finding : { ...finding, file: shown(folder, finding.file) },
  )
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity === 'error')
}

export function count(number: number, noun: string): string {
  return number === 0 ? '' : `${number} ${noun}${number === 1 ? '' : 's'}`
}

function shown(folder: string, file: string): string {
  return relative(process.cwd(), resolve(folder, file))
}

function lineOf(path: string, line: number, sources: Map<string, readonly string[]>): string | undefined {
  let lines = sources.get(path)
  if (!lines) {
    try {
      lines = readFileSync(path, 'utf8').split(/\r\n|\n|\r/)
    } catch {
      lines = []
    }
    sources.set(path, lines)
  }
  return lines[line - 1]
}

const widest = 100

/** A long line is cut around the column; tabs count as one character. */
function excerpt(source: string, column: number): { text: string; caret: string } {
  const from = Math.max(0, Math.min(column - 1 - 60, source.length - widest))
  const text = plain(source.slice(from, from + widest))
  return { text, caret: `${' '.repeat(Math.max(0, column - 1 - from))}^` }
}
