import type { ListedFunction, ProjectFunctions } from '../../app.ts'
import { SluseError } from '../../errors.ts'
import { onInterrupt } from '../interrupt.ts'
import type { Given, VerbOptions } from '../verb.ts'

export const functionSettings = {
  settings: ['project', 'http', 'log'],
  defaults: { logLevel: 'warn' },
} as const satisfies Partial<VerbOptions>

/** Opens the project's functions for one verb, and ends all of them with it, however it ends. */
export async function open(
  { settings, log, options }: Given,
  act: (project: ProjectFunctions, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const interrupt = onInterrupt()
  const { openProjectFunctions } = await import('../../app.ts')
  const secrets = typeof options.secrets === 'string' ? options.secrets : undefined
  const project = await openProjectFunctions(settings, log, secrets)
  try {
    return await act(project, interrupt.signal)
  } finally {
    await project.close()
  }
}

/** The function of a `name` or `name:version`; of several versions the newest. Throws `SLUSE-USAGE`. */
export function find(reference: string, list: readonly ListedFunction[]): ListedFunction {
  const found = list.find(({ name, version }) => reference === name || reference === `${name}:${version}`)
  if (found) return found
  const names = list.map(({ name, version }) => `${name}:${version}`).join(', ')
  throw new SluseError('SLUSE-USAGE', `There is no function ${reference}${names && `: there is ${names}`}.`)
}

/** Those that a command line names, or all. */
export function selected(
  words: Given['words'][number],
  list: readonly ListedFunction[],
): readonly ListedFunction[] {
  const names = (words as readonly string[] | undefined) ?? []
  return names.length === 0 ? list : names.map((name) => find(name, list))
}
