import { join } from 'node:path'
import { createActivityRunner } from '../activities/index.ts'
import { openSecrets, type Log, type Settings } from '../config/index.ts'
import { describeFunction, type FunctionDescription, type Functions } from '../functions/index.ts'
import { readProject } from '../project/index.ts'
import { isObject, type Json } from '../workflow/index.ts'
import { httpSettings } from './http-settings.ts'
import { compareVersions } from './pipelines.ts'
import { functionLimits, functionsBy, projectOptions } from './supported.ts'

/** The functions of a project alone, without engine or database: to try and to test them. */
export interface ProjectFunctions {
  readonly functions: Functions
  /** All of them, by name and version, newest version first. */
  readonly list: readonly ListedFunction[]
  /** Values of the named secrets; one that does not exist is left out. */
  secrets(names: readonly string[]): Promise<{ [name: string]: Json }>
  close(): Promise<void>
}

export interface ListedFunction extends FunctionDescription {
  readonly name: string
  readonly version: string
  /** Absolute. */
  readonly folder: string
}

export async function openProjectFunctions(
  settings: Settings,
  log: Log,
  secretsFile?: string,
): Promise<ProjectFunctions> {
  const secrets = await openSecrets({
    file: secretsFile,
    environment: process.env,
    folder: settings.secretsDir,
  })
  const activities = createActivityRunner({
    projectFolder: settings.project,
    dataFolder: settings.data,
    http: await httpSettings(settings),
    functions: functionsBy(settings),
    log,
  })
  const list: ListedFunction[] = []
  const { functions } = await readProject(settings.project, projectOptions(settings))
  for (const reference of functions) {
    const [name = '', version = ''] = reference.split(':')
    const folder = join(settings.project, 'functions', name, version)
    const request = { runId: 'list', key: '', secrets: {}, attempt: 0, idempotencyKey: reference }
    const definition = await activities({
      kind: 'function',
      input: { name, version, catalog: 'default' },
      signal: new AbortController().signal,
      ...request,
    }).catch(() => null)
    list.push({
      name,
      version,
      folder,
      ...describeFunction(
        reference,
        isObject(definition) ? definition : {},
        folder,
        functionLimits(settings),
      ),
    })
  }
  list.sort((one, other) => one.name.localeCompare(other.name) || compareVersions(other.version, one.version))
  return {
    functions: activities.functions,
    list,
    secrets: secrets as ProjectFunctions['secrets'],
    close: () => activities.close(),
  }
}
