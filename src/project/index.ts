/**
 * A user's project: a folder of pipelines, connections, policies, functions and tests. Reads it whole and tells all
 * findings at once; runs nothing.
 */
export { readConnections, readConnectionTargets, readPolicies } from './policies.ts'
export { readProject, readDefinitionFile, type Project, type ProjectOptions } from './read-project.ts'
export { runsOf } from './references.ts'
export type { Resource } from './resources.ts'
export { findWrongTransfers } from './transfers.ts'
