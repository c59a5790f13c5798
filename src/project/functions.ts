import { loadFunction, type Finding } from '../workflow/definition/index.ts'
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
      return loadFunction(content.text, { file, functions, ...(unsupported && { unsupported }) }).findings
    }),
  )
  return findings.flat()
}
