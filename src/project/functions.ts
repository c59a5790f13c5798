import { dirname, resolve } from 'node:path'
import { isContract, readContract } from '../functions/index.ts'
import { loadFunction, type Finding, type Task } from '../workflow/definition/index.ts'
import { problemOf, type JsonObject } from '../workflow/index.ts'
import { fileFinding, readProjectFile } from './files.ts'
import type { ProjectOptions } from './read-project.ts'

/** The findings on every `function.yaml` of the catalog. */
export async function readFunctions(
  folder: string,
  files: readonly string[],
  functions: readonly string[],
  options: ProjectOptions,
): Promise<Finding[]> {
  const findings = await Promise.all(
    files.map(async (file) => {
      const content = await readProjectFile(folder, file)
      if ('fault' in content) return [fileFinding(file, content.fault)]
      const { unsupported } = options
      const loaded = loadFunction(content.text, { file, functions, ...(unsupported && { unsupported }) })
      return [...loaded.findings, ...contractFindings(loaded.definition, folder, file)]
    }),
  )
  return findings.flat()
}

/** What is wrong with how a function says that it is run. */
function contractFindings(task: Task | undefined, folder: string, file: string): Finding[] {
  const definition = task as JsonObject | undefined
  if (!definition || !isContract(definition)) return []
  const [, name = '', version = ''] = file.split('/')
  try {
    readContract(`${name}:${version}`, definition, resolve(folder, dirname(file)))
    return []
  } catch (error) {
    const problem = problemOf(error)
    if (!problem) throw error
    return [fileFinding(file, problem.detail ?? problem.type, 'SLUSE-FUNCTION')]
  }
}
