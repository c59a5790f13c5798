import type { Log } from '../config/index.ts'
import type { AuditLog } from '../history/index.ts'
import type { Project, Resource } from '../project/index.ts'
import type { Guard } from '../resilience/index.ts'
import type { DeployedBy } from './pipelines.ts'
import type { ProjectConnections } from './project-connections.ts'

interface Parts {
  readonly guard: Guard
  readonly connections: Pick<ProjectConnections, 'use'>
  readonly audit: AuditLog
  readonly log: Log
}

/**
 * Puts connections and policies into force whenever the project was read. Those of a file that is broken now stay as
 * they were. A change of policies while the server runs is written to the audit log.
 */
export function openResources({ guard, connections, audit, log }: Parts) {
  let inUse: readonly Resource[] | undefined
  return async (project: Project, by: DeployedBy): Promise<void> => {
    const broken = new Map(
      project.findings.flatMap(({ severity, file, message }) =>
        severity === 'error' && file !== undefined ? [[file, message]] : [],
      ),
    )
    const before = inUse
    const read = [...project.connections, ...project.policies]
    const next = before
      ? [...read.filter(({ file }) => !broken.has(file)), ...before.filter(({ file }) => broken.has(file))]
      : read
    inUse = next
    connections.use(next.flatMap(({ connection }) => connection ?? []))
    guard.use({
      policies: next.flatMap(({ resiliency }) => resiliency ?? []),
      connections: next.flatMap(({ target }) => target ?? []),
    })
    if (!before) return
    for (const file of new Set(before.map(({ file }) => file))) {
      const why = broken.get(file)
      if (why !== undefined) log('warn', 'A file is broken: what it said before still holds.', { file, why })
    }
    const [was, is] = [digests(before), digests(next)]
    const files = [...new Set([...was.keys(), ...is.keys()])].filter((file) => was.get(file) !== is.get(file))
    if (files.length === 0) return
    log('info', 'Other policies are in force.', { files })
    await audit.write({
      who: by.who,
      ...(by.from && { from: by.from }),
      action: 'policies.load',
      resource: 'policies',
      outcome: 'done',
      details: { files: Object.fromEntries(files.map((file) => [file, is.get(file) ?? 'removed'])) },
    })
  }
}

/** Of the files that say how targets are called: policies, and the annotations of connections. */
function digests(resources: readonly Resource[]): Map<string, string> {
  return new Map(resources.map(({ file, sha256 }) => [file, sha256]))
}
