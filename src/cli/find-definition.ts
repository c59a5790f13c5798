import { stat } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { SluseError } from '../errors.ts'
import type { Project } from '../project/index.ts'
import type { Definition, Finding } from '../workflow/definition/index.ts'

export interface Found {
  readonly definition: Definition
  readonly warnings: readonly Finding[]
  /** The project in whose folder it is run. */
  readonly project: Project
}

/**
 * A definition by its file, or by its name in the project: `name`, `namespace/name` or `namespace/name:version`.
 * Throws `SLUSE-USAGE` where there is none, `SLUSE-DEFINITION-INVALID` with its findings where it is not valid.
 */
export async function findDefinition(asked: string, projectFolder: string): Promise<Found> {
  const [{ readProject, readDefinitionFile }, { compareVersions, loadOptions }] = await Promise.all([
    import('../project/index.ts'),
    import('../app.ts'),
  ])
  const project = await readProject(projectFolder, loadOptions)
  if ((await stat(asked).catch(() => undefined))?.isFile()) {
    const file = relative(process.cwd(), resolve(asked))
    const loaded = await readDefinitionFile(process.cwd(), file, project.functions, loadOptions)
    if (loaded.definition) return { definition: loaded.definition, warnings: loaded.findings, project }
    throw new SluseError('SLUSE-DEFINITION-INVALID', '', { data: loaded.findings })
  }
  const [name = '', version] = asked.split(':')
  const [definition] = project.definitions
    .filter(
      ({ reference }) =>
        (name === reference.name || name === `${reference.namespace}/${reference.name}`) &&
        (version === undefined || version === 'latest' || version === reference.version),
    )
    .sort((one, other) => compareVersions(other.reference.version, one.reference.version))
  if (definition) return { definition, warnings: [], project }
  const names = project.definitions.map(({ reference }) => `${reference.namespace}/${reference.name}`)
  const there = names.length > 0 ? ` The project has ${[...new Set(names)].join(', ')}.` : ''
  throw new SluseError('SLUSE-USAGE', `There is no file and no pipeline ${asked}.${there}`)
}
