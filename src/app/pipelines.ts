import { createHash } from 'node:crypto'
import type { Database } from '../database/index.ts'
import type { Engine } from '../engines/index.ts'
import { SluseError } from '../errors.ts'
import type { AuditEntry, AuditLog } from '../history/index.ts'
import { readProject, type Project, type ProjectOptions } from '../project/index.ts'
import type { Json } from '../workflow/index.ts'
import { load, type Definition } from '../workflow/definition/index.ts'

/** The pipelines of the project, deployed. */
export interface Pipelines {
  /** The project as it was read last; empty before the first `reload`. */
  readonly project: Project
  /** Those that are deployed, by namespace and name, the highest version first. */
  list(): readonly Definition[]
  /** A version, or the highest one; `SLUSE-DEFINITION-NOT-FOUND`. */
  find(namespace: string, name: string, version?: string): Definition
  /** Those that start no runs, by `namespace/name`: since when, and by whom. */
  disabled(): Promise<ReadonlyMap<string, Disabled>>
  /**
   * Reads the project anew and deploys what is valid in it. What is gone from it is undeployed; a pipeline whose
   * file is broken now stays as it was. Runs under way go on in any case.
   */
  reload(by?: DeployedBy): Promise<Project>
  /** Keeps to what other processes of the installation deploy and undeploy, from here on. Returns how to stop. */
  follow(): () => void
}

/** Who has it deployed, for the audit log; without: whoever changed the folder, which is known to nobody here. */
export type DeployedBy = Pick<AuditEntry, 'who' | 'from'>

export interface Disabled {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly by?: string
}

/** `reloaded` is told of the project whenever it was read. */
export function openPipelines(
  folder: string,
  options: ProjectOptions,
  engine: Engine,
  database: Database,
  audit: AuditLog,
  reloaded: (project: Project, by: DeployedBy) => Promise<void> = () => Promise.resolve(),
): Pipelines {
  let project: Project = {
    folder,
    definitions: [],
    functions: [],
    connections: [],
    policies: [],
    tests: [],
    findings: [],
  }
  let deployed: readonly Definition[] = []
  let reloading: Promise<unknown> = Promise.resolve()

  const entry = (
    { namespace, name, version }: Definition['reference'],
    { who, from }: DeployedBy,
    details: { readonly [name: string]: Json },
  ) =>
    audit.entry({
      who,
      action: 'pipelines.deploy',
      resource: `pipeline/${namespace}/${name}`,
      namespace,
      outcome: 'done',
      ...(from && { from }),
      details: { version, ...details },
    })

  const reload = async (by: DeployedBy) => {
    const found = await readProject(folder, options)
    const broken = new Set(
      found.findings.filter(({ severity }) => severity === 'error').map(({ file }) => file),
    )
    // What is broken only in the sight of the whole project (a second file of its name) is not deployed, either.
    const valid = found.definitions.filter(({ file }) => !broken.has(file))
    await engine.deploy(valid, ({ reference, text }) => entry(reference, by, { sha256: sha256(text) }))
    const identities = new Set(valid.map(({ reference }) => identity(reference)))
    for (const row of await deployments(database)) {
      if (identities.has(identity(row)) || (row.file !== null && broken.has(row.file))) continue
      const reference = { namespace: row.namespace, name: row.name, version: row.version }
      await engine.undeploy(reference, entry(reference, by, { removed: true }))
    }
    const kept = deployed.filter(
      ({ reference, file }) => !identities.has(identity(reference)) && broken.has(file),
    )
    deployed = [...valid, ...kept].sort(byName)
    project = found
    await reloaded(found, by)
    return found
  }

  /** What is deployed by now, whoever has deployed it. */
  const adopt = async () => {
    const rows = await deployments(database)
    const known = new Map(deployed.map((each) => [`${identity(each.reference)} ${sha256(each.text)}`, each]))
    if (rows.length === known.size && rows.every((row) => known.has(`${identity(row)} ${row.digest}`))) return
    const found = rows.map(
      async (row) => known.get(`${identity(row)} ${row.digest}`) ?? definitionOf(database, row),
    )
    deployed = (await Promise.all(found)).filter((each) => each !== undefined).sort(byName)
  }
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = reloading.then(work, work)
    reloading = next.catch(() => {})
    return next
  }

  return {
    get project() {
      return project
    },
    list: () => deployed,
    find: (namespace, name, version = 'latest') => {
      const found = deployed.find(
        ({ reference }) =>
          reference.namespace === namespace &&
          reference.name === name &&
          (version === 'latest' || reference.version === version),
      )
      if (found) return found
      throw new SluseError('SLUSE-DEFINITION-NOT-FOUND', `Asked for: ${namespace}/${name}:${version}.`)
    },
    disabled: async () => {
      const rows = await database.query<DisabledRow>(
        'SELECT namespace, name, disabled_at AS at, disabled_by AS by_whom FROM disabled_pipelines',
      )
      return new Map(
        rows.map(({ namespace, name, at, by_whom }) => [
          `${namespace}/${name}`,
          { at: new Date(at).toISOString(), ...(by_whom !== null && { by: by_whom }) },
        ]),
      )
    },
    reload: (by = { who: { subject: 'system' } }) => inTurn(() => reload(by)),
    follow: () => {
      let timer: NodeJS.Timeout | undefined
      const look = () => {
        timer = undefined
        // Where the database is away, the next commit is told of as well.
        inTurn(adopt).catch(() => {})
      }
      const stop = database.onCommit(() => (timer ??= setTimeout(look, followMs).unref()))
      return () => {
        stop()
        clearTimeout(timer)
      }
    },
  }
}

/** By which an auditor finds the text in the project's git. */
function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** How late it may be known here what others have deployed: there may be hundreds of commits a second. */
const followMs = 300

type DeploymentRow = {
  namespace: string
  name: string
  version: string
  digest: string
  file: string | null
}

type DisabledRow = { namespace: string; name: string; at: number; by_whom: string | null }

async function deployments(database: Database): Promise<DeploymentRow[]> {
  return database.query<DeploymentRow>(
    `SELECT p.namespace, p.name, p.version, p.digest, d.file FROM deployments p
     LEFT JOIN definitions d ON d.digest = p.digest`,
  )
}

/** As another process has checked it. */
async function definitionOf(
  database: Database,
  { digest, file }: DeploymentRow,
): Promise<Definition | undefined> {
  const [row] = await database.query<{ text: string }>('SELECT text FROM definitions WHERE digest = ?', [
    digest,
  ])
  return row && load(row.text, file === null ? {} : { file }).definition
}

function identity({ namespace, name, version }: Definition['reference']): string {
  return `${namespace}/${name}:${version}`
}

function byName({ reference: one }: Definition, { reference: other }: Definition): number {
  return (
    one.namespace.localeCompare(other.namespace) ||
    one.name.localeCompare(other.name) ||
    compareVersions(other.version, one.version)
  )
}

/** Orders semantic versions (semver.org, 11); build metadata does not count. */
export function compareVersions(one: string, other: string): number {
  const parse = (version: string) => {
    const [core = '', ...rest] = (version.split('+')[0] ?? '').split('-')
    return { core: core.split('.'), before: rest.length > 0 ? rest.join('-').split('.') : [] }
  }
  const first = parse(one)
  const second = parse(other)
  const core = compareParts(first.core, second.core)
  if (core !== 0) return core
  if (first.before.length === 0 || second.before.length === 0) {
    return second.before.length - first.before.length
  }
  return compareParts(first.before, second.before)
}

function compareParts(one: readonly string[], other: readonly string[]): number {
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const [first, second] = [one[at], other[at]]
    if (first === second) continue
    if (first === undefined) return -1
    if (second === undefined) return 1
    const numbers = [first, second].map((part) => /^\d+$/.test(part))
    if (numbers[0] && numbers[1]) return Number(first) - Number(second)
    if (numbers[0] !== numbers[1]) return numbers[0] ? -1 : 1
    return first < second ? -1 : 1
  }
  return 0
}
