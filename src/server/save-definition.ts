import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { App, DeployedBy } from '../app.ts'
import { SluseError } from '../errors.ts'
import type { Definition } from '../workflow/definition/index.ts'

/**
 * Writes a definition into the project: over the file that has this version now, else into a new one; then reads the
 * project anew. The file is replaced as a whole, so that nobody reads half of it.
 */
export async function saveDefinition(
  app: App,
  definition: Definition,
  json: boolean,
  by: DeployedBy,
): Promise<void> {
  const { namespace, name, version } = definition.reference
  const existing = app.pipelines
    .list()
    .find(
      ({ reference }) =>
        reference.namespace === namespace && reference.name === name && reference.version === version,
    )
  const file = existing?.file ?? freeFile(app, name, version, json)
  const path = join(app.settings.project, file)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.new`, definition.text)
  await rename(`${path}.new`, path)
  const { findings } = await app.pipelines.reload(by)
  const errors = findings.filter((each) => each.file === file && each.severity === 'error')
  if (errors.length > 0) throw new SluseError('SLUSE-DEFINITION-INVALID', '', { data: errors })
}

/** Whatever a definition is named, its file is in `pipelines/`, and no other definition's. */
function freeFile(app: App, name: string, version: string, json: boolean): string {
  const safe = (text: string) => text.replace(/[^A-Za-z0-9-]/g, '-')
  const ending = json ? 'json' : 'yaml'
  const taken = new Set(app.pipelines.list().map(({ file }) => file))
  const plain = `pipelines/${safe(name)}.${ending}`
  return taken.has(plain) ? `pipelines/${safe(name)}-${safe(version)}.${ending}` : plain
}
