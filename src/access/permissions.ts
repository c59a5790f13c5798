/**
 * Who may do what: one table. Everything that can be asked of Sluse is a permission in it, and a role has the
 * permissions whose rows name it, and no others. The reference page, the API document and the tests come from here.
 */
export const roles = [
  'viewer',
  'operator',
  'approver',
  'developer',
  'administrator',
  'security-officer',
] as const

export type Role = (typeof roles)[number]

export const roleAbout: { readonly [role in Role]: string } = {
  viewer: 'Sees that pipelines run, and how they end; never the data.',
  operator:
    'Keeps pipelines running: starts, stops and repeats runs, and looks at their data to find a fault.',
  approver: 'Decides what is asked, and sees the data that is shown for it.',
  developer: 'Writes pipelines and tries them.',
  administrator: 'Gives out keys, sees users, reassigns approvals. Sees no data, and decides nothing.',
  'security-officer': 'Reads and verifies the audit log, and takes keys and sessions away.',
}

interface PermissionEntry {
  /** What it is about, and what is done with it. */
  readonly resource: string
  readonly action: string
  /** `namespace`: held for namespaces of pipelines. `installation`: only by who holds a role for all of them. */
  readonly scope: 'namespace' | 'installation'
  readonly roles: readonly Role[]
  /** `look`: shows data that may be personal. `change`: changes something. Both stand in the audit log. */
  readonly audit?: 'look' | 'change'
  readonly about: string
}

const row = <const E extends PermissionEntry>(entry: E): E => entry

export const permissionTable = {
  'pipelines.read': row({
    resource: 'pipelines',
    action: 'read',
    scope: 'namespace',
    roles: ['viewer', 'operator', 'approver', 'developer', 'administrator'],
    about: 'See pipelines, their text and their findings.',
  }),
  'pipelines.validate': row({
    resource: 'pipelines',
    action: 'validate',
    scope: 'namespace',
    roles: ['operator', 'developer'],
    about: 'Have a definition checked; nothing is kept.',
  }),
  'pipelines.write': row({
    resource: 'pipelines',
    action: 'write',
    scope: 'namespace',
    roles: ['developer'],
    audit: 'change',
    about: 'Write a definition into the project (`sluse dev` only).',
  }),
  'pipelines.control': row({
    resource: 'pipelines',
    action: 'control',
    scope: 'namespace',
    roles: ['operator'],
    audit: 'change',
    about: 'Disable a pipeline, so that it starts no runs, and enable it again.',
  }),
  'runs.read': row({
    resource: 'runs',
    action: 'read',
    scope: 'namespace',
    roles: ['viewer', 'operator', 'developer', 'administrator'],
    about: 'See runs and how they ended, without their data.',
  }),
  'runs.data': row({
    resource: 'runs',
    action: 'data',
    scope: 'namespace',
    roles: ['operator', 'developer'],
    audit: 'look',
    about: 'See the input, the output and the steps of a run.',
  }),
  'runs.start': row({
    resource: 'runs',
    action: 'start',
    scope: 'namespace',
    roles: ['operator', 'developer'],
    audit: 'change',
    about: 'Start a run.',
  }),
  'runs.control': row({
    resource: 'runs',
    action: 'control',
    scope: 'namespace',
    roles: ['operator'],
    audit: 'change',
    about: 'Cancel, suspend, resume and rerun runs.',
  }),
  'targets.read': row({
    resource: 'targets',
    action: 'read',
    scope: 'installation',
    roles: ['viewer', 'operator', 'developer', 'administrator'],
    about: 'See the systems that pipelines call, their circuit breakers and limits.',
  }),
  'targets.control': row({
    resource: 'targets',
    action: 'control',
    scope: 'installation',
    roles: ['operator'],
    audit: 'change',
    about: 'Hold, release, reset and limit a system that pipelines call.',
  }),
  'events.read': row({
    resource: 'events',
    action: 'read',
    scope: 'installation',
    roles: ['operator', 'developer'],
    audit: 'look',
    about: 'See the events that came in, with their data.',
  }),
  'events.publish': row({
    resource: 'events',
    action: 'publish',
    scope: 'installation',
    roles: ['operator', 'developer'],
    audit: 'change',
    about: 'Send events in.',
  }),
  'connections.read': row({
    resource: 'connections',
    action: 'read',
    scope: 'installation',
    roles: ['viewer', 'operator', 'developer', 'administrator'],
    about: 'See the connections and their types; never their settings.',
  }),
  'connections.check': row({
    resource: 'connections',
    action: 'check',
    scope: 'installation',
    roles: ['operator', 'developer'],
    audit: 'change',
    about: 'Have a connection tried.',
  }),
  'transfers.read': row({
    resource: 'transfers',
    action: 'read',
    scope: 'namespace',
    roles: ['viewer', 'operator', 'developer', 'administrator'],
    about: 'See transfers, datasets and dead letters, without their records.',
  }),
  'transfers.data': row({
    resource: 'transfers',
    action: 'data',
    scope: 'namespace',
    roles: ['operator', 'developer'],
    audit: 'look',
    about: 'See records of datasets and dead letters, without what is marked as personal.',
  }),
  'transfers.control': row({
    resource: 'transfers',
    action: 'control',
    scope: 'namespace',
    roles: ['operator'],
    audit: 'change',
    about: 'Correct, replay and discard dead letters, replay and erase datasets.',
  }),
  'approvals.read': row({
    resource: 'approvals',
    action: 'read',
    scope: 'namespace',
    roles: ['operator', 'approver', 'administrator'],
    about: 'See which approvals wait and how they were decided, without what they show.',
  }),
  'approvals.data': row({
    resource: 'approvals',
    action: 'data',
    scope: 'namespace',
    roles: ['approver'],
    audit: 'look',
    about: 'See what an approval shows, where one is among those asked.',
  }),
  'approvals.decide': row({
    resource: 'approvals',
    action: 'decide',
    scope: 'namespace',
    roles: ['approver'],
    audit: 'change',
    about: 'Claim, decide, send back and delegate, where one is among those asked.',
  }),
  'approvals.manage': row({
    resource: 'approvals',
    action: 'manage',
    scope: 'namespace',
    roles: ['administrator'],
    audit: 'change',
    about: 'Ask others than were asked, and enter who stands in for whom.',
  }),
  'keys.own': row({
    resource: 'keys',
    action: 'own',
    scope: 'namespace',
    roles: ['viewer', 'operator', 'approver', 'developer', 'administrator', 'security-officer'],
    audit: 'change',
    about: 'Make and revoke keys of one’s own, with no more than one’s own permissions.',
  }),
  'keys.read': row({
    resource: 'keys',
    action: 'read',
    scope: 'installation',
    roles: ['administrator', 'security-officer'],
    about: 'See all keys; never the keys themselves.',
  }),
  'keys.create': row({
    resource: 'keys',
    action: 'create',
    scope: 'installation',
    roles: ['administrator'],
    audit: 'change',
    about: 'Make keys for machines.',
  }),
  'keys.revoke': row({
    resource: 'keys',
    action: 'revoke',
    scope: 'installation',
    roles: ['administrator', 'security-officer'],
    audit: 'change',
    about: 'Revoke any key.',
  }),
  'users.read': row({
    resource: 'users',
    action: 'read',
    scope: 'installation',
    roles: ['administrator', 'security-officer'],
    audit: 'look',
    about: 'See who has signed in, with their groups and roles.',
  }),
  'users.sign-out': row({
    resource: 'users',
    action: 'sign-out',
    scope: 'installation',
    roles: ['administrator', 'security-officer'],
    audit: 'change',
    about: 'End all sessions of a user.',
  }),
  'audit.read': row({
    resource: 'audit',
    action: 'read',
    scope: 'installation',
    roles: ['security-officer'],
    audit: 'look',
    about: 'Read, verify and export the audit log.',
  }),
  'operation.read': row({
    resource: 'operation',
    action: 'read',
    scope: 'installation',
    roles: ['viewer', 'operator', 'developer', 'administrator'],
    about: 'See the processes of the installation, and how they are.',
  }),
  'operation.metrics': row({
    resource: 'operation',
    action: 'metrics',
    scope: 'installation',
    roles: ['operator', 'administrator'],
    about: 'Read the counters.',
  }),
} as const

export type Permission = keyof typeof permissionTable

export const permissions = Object.keys(permissionTable) as Permission[]

export function permissionEntry(permission: Permission): PermissionEntry {
  return permissionTable[permission]
}
