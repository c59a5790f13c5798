/** A project with functions, made for one test file. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createActivityRunner, type ActivityOptions } from '../../activities/index.ts'
import type { Json } from '../../workflow/index.ts'
import type { FunctionContext, Functions, Outcome } from '../index.ts'

export interface TestProject {
  readonly folder: string
  readonly functions: Functions
  /** What functions have logged. */
  readonly logged: { message: string; data: { [key: string]: Json } | undefined }[]
  /** Makes `functions/<name>/1.0.0`. */
  add(name: string, files: { readonly [file: string]: string }): string
  /** Makes it from the template of a language. */
  addTemplate(language: string, name?: string): string
  call(
    name: string,
    records: readonly Json[],
    context?: Partial<FunctionContext>,
  ): Promise<readonly Outcome[]>
  close(): Promise<void>
}

export function testProject(options: Partial<ActivityOptions> = {}): TestProject {
  const folder = mkdtempSync(join(tmpdir(), 'sluse-functions-'))
  const logged: TestProject['logged'] = []
  const runner = createActivityRunner({
    projectFolder: folder,
    dataFolder: join(folder, '.sluse'),
    log: (_level, message, data) => logged.push({ message, data }),
    ...options,
  })
  const at = (name: string) => join(folder, 'functions', name, '1.0.0')
  return {
    folder,
    functions: runner.functions,
    logged,
    add(name, files) {
      for (const [file, content] of Object.entries(files)) {
        mkdirSync(dirname(join(at(name), file)), { recursive: true })
        writeFileSync(join(at(name), file), content)
      }
      return at(name)
    },
    addTemplate(language, name = language) {
      cpSync(fileURLToPath(new URL(`../../../templates/functions/${language}`, import.meta.url)), at(name), {
        recursive: true,
      })
      return at(name)
    },
    call: (name, records, context) =>
      runner.functions.call({ name, version: '1.0.0' }, records, { ...callContext(), ...context }),
    async close() {
      await runner.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export const callContext = (runId = 'run-1'): FunctionContext => ({
  runId,
  key: '/do/0/call',
  secrets: {},
  signal: new AbortController().signal,
})
