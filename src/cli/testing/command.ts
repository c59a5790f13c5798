import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { program } from '../../../test/program.ts'

export interface Done {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Running {
  readonly process: ChildProcess
  /** Standard output and error so far. */
  text(): string
  /** Resolves when the text so far matches; rejects where the process ends before. */
  until(pattern: RegExp): Promise<RegExpExecArray>
  readonly done: Promise<Done>
}

/** A folder with files, in which the built program is run as a process of its own. */
export function openFolder(files: { readonly [file: string]: string } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sluse-cli-'))
  const write = (file: string, content: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), content)
  }
  for (const [file, content] of Object.entries(files)) write(file, content)

  const start = (
    words: readonly string[],
    environment: { [name: string]: string } = {},
    input?: string,
  ): Running => {
    const plain = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith('SLUSE_')),
    )
    const child = spawn(process.execPath, [program, ...words], {
      cwd: folder,
      env: { ...plain, ...environment },
    })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    child.stdin.on('error', () => {})
    child.stdin.end(input ?? '')
    const done = new Promise<Done>((resolve) => child.once('close', (code) => resolve({ code, out, err })))
    return {
      process: child,
      text: () => out + err,
      until: async (pattern) =>
        new Promise((resolve, reject) => {
          const look = () => {
            const match = pattern.exec(out + err)
            if (match) resolve(match)
          }
          child.stdout.on('data', look)
          child.stderr.on('data', look)
          void done.then(({ code }) => reject(new Error(`It ended with ${code}: ${out}${err}`)))
          look()
        }),
      done,
    }
  }
  return {
    folder,
    write,
    start,
    run: async (...words: string[]) => start(words).done,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** A definition with these tasks, as YAML. */
export function definition(name: string, tasks: string, more = ''): string {
  return `document: { dsl: '1.0.3', namespace: test, name: ${name}, version: '1.0.0' }\n${more}do:\n${tasks}\n`
}
