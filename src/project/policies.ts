import type { ResiliencyPolicies } from '../resilience/index.ts'
import { walk } from './files.ts'
import { readResource } from './resources.ts'

/** The `Resiliency` resources of a project, as far as they are valid: `readProject` tells what is wrong with them. */
export async function readPolicies(folder: string): Promise<ResiliencyPolicies[]> {
  const { files } = await walk(folder, 'policies', /\.(?:yaml|yml)$/)
  const read = await Promise.all(files.map((file) => readResource(folder, file)))
  return read.flatMap(({ resources }) => resources.flatMap(({ resiliency }) => resiliency ?? []))
}
