import { stat } from 'node:fs/promises'
import { basename, dirname, relative } from 'node:path'
import { SluseError } from '../errors.ts'
import type { FunctionLimits } from '../functions/index.ts'
import {
  load,
  type Definition,
  type Finding,
  type Loaded,
  type LoadOptions,
} from '../workflow/definition/index.ts'
import { fileFinding, readProjectFile, walk, type Walked } from './files.ts'
import { readFunctions } from './functions.ts'
import { findMultipliedRetries } from './multiplied-retries.ts'
import { findDuplicates, findMissingWorkflows } from './references.ts'
import { readResource, type Resource } from './resources.ts'
import { findWrongTransfers } from './transfers.ts'

/** All that a project holds. What has an error is not among it, and is among the findings. */
export interface Project {
  /** Absolute. */
  readonly folder: string
  readonly definitions: readonly Definition[]
  /** The default catalog: `name:version` of every folder that has a `function.yaml`. */
  readonly functions: readonly string[]
  readonly connections: readonly Resource[]
  readonly policies: readonly Resource[]
  /** Test files, relative to the folder. */
  readonly tests: readonly string[]
  /** Of all files, by file and line. Files are relative to the folder, with `/`. */
  readonly findings: readonly Finding[]
}

export interface ProjectOptions {
  /** What cannot be carried out here; see `LoadOptions`. */
  readonly unsupported?: LoadOptions['unsupported']
  /** How far functions may go here. Default: as is built in. */
  readonly functionLimits?: FunctionLimits
}

const testFile = /\.test\.(?:yaml|yml)$/

/**
 * Reads a project. Whatever is wrong with a file is a finding; only a folder that is not there is an error.
 * @throws SluseError `SLUSE-PROJECT`
 */
export async function readProject(folder: string, options: ProjectOptions = {}): Promise<Project> {
  const found = await stat(folder).catch(() => undefined)
  if (!found?.isDirectory()) throw new SluseError('SLUSE-PROJECT', `${folder} is not a folder.`)

  const findings: Finding[] = []
  const gather = ({ files, findings: more }: Walked) => {
    findings.push(...more)
    return files
  }
  const list = async (part: string, pattern: RegExp) => gather(await walk(folder, part, pattern))

  const functionFiles = await list('functions', /^functions\/[^/]+\/[^/]+\/function\.(?:yaml|yml|json)$/)
  const functions = functionFiles.map((file) => functionName(file)).sort()
  const catalog = await readFunctions(folder, functionFiles, functions, options)
  findings.push(...catalog.findings)

  const definitions: Definition[] = []
  const pipelineFiles = await list('pipelines', /\.(?:yaml|yml|json)$/)
  for (const file of pipelineFiles.filter((file) => !/\.test\.\w+$/.test(file))) {
    const loaded = await readDefinitionFile(folder, file, functions, options)
    findings.push(...loaded.findings)
    if (loaded.definition) definitions.push(loaded.definition)
  }
  const resources = async (part: string) => {
    const all = await Promise.all(
      (await list(part, /\.(?:yaml|yml)$/)).map((file) => readResource(folder, file)),
    )
    findings.push(...all.flatMap((each) => each.findings))
    return all.flatMap((each) => each.resources)
  }
  const connections = await resources('connections')
  const policies = await resources('policies')
  const tests = [...pipelineFiles.filter((file) => testFile.test(file)), ...(await list('tests', testFile))]

  const { unique, findings: duplicates } = findDuplicates(definitions)
  const declared = policies.flatMap(({ resiliency }) => resiliency ?? [])
  const targets = connections.flatMap(({ target }) => target ?? [])
  findings.push(...duplicates, ...findMissingWorkflows(unique))
  findings.push(...findMultipliedRetries(unique, declared, targets))
  findings.push(...findWrongTransfers(unique, catalog.read, connections, functions))
  findings.sort(
    (one, other) =>
      (one.file ?? '').localeCompare(other.file ?? '') || one.line - other.line || one.column - other.column,
  )
  return { folder, definitions: unique, functions, connections, policies, tests, findings }
}

/** Reads one definition; `file` is relative to `folder`. A file that cannot be read is a finding, too. */
export async function readDefinitionFile(
  folder: string,
  file: string,
  functions: readonly string[] | undefined,
  options: ProjectOptions = {},
): Promise<Loaded<Definition>> {
  const content = await readProjectFile(folder, file)
  if ('fault' in content) return { findings: [fileFinding(file, content.fault)] }
  return load(content.text, {
    file,
    ...(functions && { functions }),
    ...(options.unsupported && { unsupported: options.unsupported }),
  })
}

/** `functions/read-form/1.0.0/function.yaml` is `read-form:1.0.0`. */
function functionName(file: string): string {
  const version = dirname(file)
  return `${basename(dirname(version))}:${relative(dirname(version), version)}`
}
