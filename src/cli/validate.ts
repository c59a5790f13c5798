import { stat } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import type { Settings } from '../config/index.ts'
import { SluseError } from '../errors.ts'
import type { Definition, Finding } from '../workflow/definition/index.ts'
import { exitCodes } from './failure.ts'
import { count, hasErrors, placed, printFindings } from './findings.ts'
import { verb } from './verb.ts'

export const validateVerb = verb({
  name: 'validate',
  arguments: [['[paths...]', 'Definitions or project folders; without, the project.']],
  about: 'Tell all findings on definitions, without running anything.',
  settings: ['project'],
  without: ['data', 'secretsDir'],
  run: async ({ settings, words, terminal }) => {
    const paths = (words[0] as readonly string[] | undefined) ?? []
    const all: Validated[] = []
    for (const path of paths.length > 0 ? paths : [settings.project]) {
      all.push(await validate(path, settings))
    }
    const definitions = all.flatMap((each) => each.definitions)
    const findings = all.flatMap((each) => each.findings)
    const valid = !hasErrors(findings)
    if (terminal.json) {
      terminal.data({ valid, definitions: definitions.map(({ reference }) => reference), findings })
    } else {
      printFindings(findings, terminal)
      if (valid) {
        const what = count(definitions.length, 'definition') || 'No definition'
        terminal.note(definitions.length > 0 ? terminal.paint('green', `${what} valid.`) : `${what} found.`)
      }
    }
    return valid ? exitCodes.done : exitCodes.usage
  },
})

interface Validated {
  readonly definitions: readonly Definition[]
  /** Files are relative to the working folder. */
  readonly findings: readonly Finding[]
}

async function validate(path: string, settings: Settings): Promise<Validated> {
  const [{ findWrongTransfers, readDefinitionFile, readProject }, { projectOptions }] = await Promise.all([
    import('../project/index.ts'),
    import('../app.ts'),
  ])
  const options = projectOptions(settings)
  const found = await stat(path).catch(() => undefined)
  if (!found) throw new SluseError('SLUSE-USAGE', `There is no file or folder ${path}.`)
  if (found.isDirectory()) {
    const folder = resolve(path)
    const { definitions, findings } = await readProject(folder, options)
    return { definitions, findings: placed(findings, folder) }
  }
  const { connections, functions } = await readProject(settings.project, options)
  const file = relative(process.cwd(), resolve(path))
  const { definition, findings } = await readDefinitionFile(process.cwd(), file, functions, options)
  const definitions = definition ? [definition] : []
  return {
    definitions,
    findings: [...findings, ...findWrongTransfers(definitions, [], connections, functions)],
  }
}
