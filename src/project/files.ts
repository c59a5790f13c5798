import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { errorTable, type ErrorCode } from '../errors.ts'
import type { Finding } from '../workflow/definition/index.ts'

export interface Walked {
  /** Relative to the project's folder, with `/`, in order. */
  readonly files: readonly string[]
  readonly findings: readonly Finding[]
}

/** A project is written by people: beyond this it is something else that got into the folder. */
const mostFiles = 10_000
const mostDepth = 20
const mostBytes = 20_000_000

/**
 * Every file below a part of the project whose path matches. Hidden ones and `node_modules` are passed over; a link
 * is followed only to within the project, and a folder that several lead to is read once.
 */
export async function walk(folder: string, part: string, pattern: RegExp): Promise<Walked> {
  const files: string[] = []
  const findings: Finding[] = []
  const root = await realpath(folder)
  const entered = new Set([await realpath(join(folder, part)).catch(() => '')])

  const enter = async (path: string, depth: number): Promise<void> => {
    let entries
    try {
      entries = await readdir(join(folder, path), { withFileTypes: true })
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' && depth === 0) return
      findings.push(fileFinding(path, `The folder cannot be read (${code}).`))
      return
    }
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
      const inner = `${path}/${entry.name}`
      const target = await realpath(join(folder, inner)).catch(() => undefined)
      if (target === undefined || !target.startsWith(root + sep)) {
        const message =
          target === undefined ? 'The link leads nowhere.' : 'The link leads out of the project.'
        findings.push(fileFinding(inner, message, 'SLUSE-PROJECT-SYMLINK'))
        continue
      }
      const kind = entry.isSymbolicLink() ? await stat(target) : entry
      if (kind.isDirectory() && depth < mostDepth) {
        if (entered.has(target)) continue
        entered.add(target)
        await enter(inner, depth + 1)
      } else if (kind.isFile() && pattern.test(inner)) files.push(inner)
      if (files.length > mostFiles) return
    }
  }

  await enter(part, 0)
  if (files.length > mostFiles) {
    findings.push(fileFinding(part, `The folder holds more than ${mostFiles} files; the rest is not read.`))
  }
  return { files: files.slice(0, mostFiles), findings }
}

/** The text of a file, or in a sentence why it cannot be had. */
export async function readProjectFile(
  folder: string,
  file: string,
): Promise<{ text: string } | { fault: string }> {
  const path = resolve(folder, file)
  try {
    const { size } = await stat(path)
    if (size > mostBytes) return { fault: `The file is larger than ${mostBytes / 1_000_000} MB.` }
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path)) }
  } catch (error) {
    if (error instanceof TypeError) return { fault: 'The file is not UTF-8.' }
    return { fault: `The file cannot be read (${(error as NodeJS.ErrnoException).code}).` }
  }
}

/** A finding on a file as a whole. */
export function fileFinding(
  file: string,
  message: string,
  code: ErrorCode = 'SLUSE-PROJECT-FILE',
  severity: Finding['severity'] = 'error',
): Finding {
  return { severity, code, message, todo: errorTable[code].todo, file, line: 1, column: 1, pointer: '' }
}
