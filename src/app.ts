/**
 * Wires everything: settings and secrets, database, history, activities, engine and project. What is above (server,
 * command line) speaks to an `App`, and knows none of the parts by name.
 */
export { openApp, type App, type AppOptions } from './app/open-app.ts'
export { approvalDatasets } from './app/approval-datasets.ts'
export { accessMode } from './app/access-settings.ts'
export { readAnchors } from './app/audit-anchors.ts'
export { moveDatasets } from './app/datasets-place.ts'
export { checkDatasets } from './app/open-datasets.ts'
export { backUp, manifestFile } from './app/back-up.ts'
export { checkEvent, readEvent } from './app/cloud-event.ts'
export { openProjectConnections } from './app/project-connections.ts'
export { examineEngine } from './app/examine-engine.ts'
export { loadOptions, projectOptions } from './app/supported.ts'
export type { Inbox, InboxEntry, InboxPage, InboxQuery } from './app/inbox.ts'
export { compareVersions, type DeployedBy, type Pipelines } from './app/pipelines.ts'
export { configurationsDiffer, type ProcessInfo, type Processes } from './app/processes.ts'
export type { TargetChange, TargetInfo, Targets } from './app/targets.ts'
export { openProjectFunctions, type ListedFunction, type ProjectFunctions } from './app/project-functions.ts'
export { runOnce, type RunOnce, type RunOnceOptions } from './app/run-once.ts'
