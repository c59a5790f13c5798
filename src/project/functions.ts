import { dirname, resolve } from 'node:path'
import { isContract, readContract, type FunctionLimits } from '../functions/index.ts'
import { loadFunction, type Finding, type Task } from '../workflow/definition/index.ts'
import { problemOf, type JsonObject } from '../workflow/index.ts'
import { fileFinding, readProjectFile } from './files.ts'
import type { ProjectOptions } from './read-project.ts'

/** A `function.yaml` without an error. */
export interface FunctionFile {
  readonly task: Task
  readonly text: string
  /** Relative to the project's folder. */
  readonly file: string
}

/** Every `function.yaml` of the catalog, with the findings on it. */
export async function readFunctions(
  folder: string,
  files: readonly string[],
  functions: readonly string[],
  options: ProjectOptions,
): Promise<{ read: readonly FunctionFile[]; findings: readonly Finding[] }> {
  const read: FunctionFile[] = []
  const findings = await Promise.all(
    files.map(async (file) => {
      const content = await readProjectFile(folder, file)
      if ('fault' in content) return [fileFinding(file, content.fault)]
      const { unsupported, functionLimits } = options
      const loaded = loadFunction(content.text, { file, functions, ...(unsupported && { unsupported }) })
      if (loaded.definition) read.push({ task: loaded.definition, text: content.text, file })
      return [...loaded.findings, ...contractFindings(loaded.definition, folder, file, functionLimits)]
    }),
  )
  return { read, findings: findings.flat() }
}

/** What is wrong with how a function says that it is run. */
function contractFindings(
  task: Task | undefined,
  folder: string,
  file: string,
  limits: FunctionLimits | undefined,
): Finding[] {
  const definition = task as JsonObject | undefined
  if (!definition || !isContract(definition)) return []
  const [, name = '', version = ''] = file.split('/')
  try {
    readContract(`${name}:${version}`, definition, resolve(folder, dirname(file)), limits)
    return []
  } catch (error) {
    const problem = problemOf(error)
    if (!problem) throw error
    return [fileFinding(file, problem.detail ?? problem.type, 'SLUSE-FUNCTION')]
  }
}
