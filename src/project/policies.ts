import type { ConnectionDeclaration } from '../connectors/index.ts'
import type { ConnectionTarget, ResiliencyPolicies } from '../resilience/index.ts'
import { walk } from './files.ts'
import { readResource, type Resource } from './resources.ts'

/** The `Resiliency` resources of a project, as far as they are valid: `readProject` tells what is wrong with them. */
export async function readPolicies(folder: string): Promise<ResiliencyPolicies[]> {
  return (await readAll(folder, 'policies')).flatMap(({ resiliency }) => resiliency ?? [])
}

/** The systems that the connections of a project lead to, with what their annotations declare. */
export async function readConnectionTargets(folder: string): Promise<ConnectionTarget[]> {
  return (await readAll(folder, 'connections')).flatMap(({ target }) => target ?? [])
}

/** The connections of a project that have no error: `readProject` tells what is wrong with the others. */
export async function readConnections(folder: string): Promise<ConnectionDeclaration[]> {
  return (await readAll(folder, 'connections')).flatMap(({ connection }) => connection ?? [])
}

async function readAll(folder: string, part: string): Promise<Resource[]> {
  const { files } = await walk(folder, part, /\.(?:yaml|yml)$/)
  const read = await Promise.all(files.map((file) => readResource(folder, file)))
  return read.flatMap(({ resources }) => resources)
}
