import { access, constants, mkdir, statfs } from 'node:fs/promises'
import type { Settings } from '../config/index.ts'
import { openSecrets } from '../config/index.ts'
import { exitCodes } from './failure.ts'
import { count, hasErrors } from './findings.ts'
import { verb } from './verb.ts'

export const doctorVerb = verb({
  name: 'doctor',
  arguments: [['[project]', "The project's folder."]],
  about: 'Tell what is wrong with this installation, and what to do about it.',
  settings: ['project', 'server', 'client'],
  projectFirst: true,
  run: async ({ settings, terminal }) => {
    const checks: Check[] = []
    for (const look of [node, data, records, datasets, engine, project, secrets, server]) {
      const found = await look(settings).catch((error: unknown): Check => ({
        name: look.name,
        state: 'bad',
        message: String((error as Error).message),
      }))
      checks.push(...[found].flat())
    }
    const bad = checks.some(({ state }) => state === 'bad')
    if (terminal.json) terminal.data({ ok: !bad, checks })
    for (const { name, state, message } of checks) {
      const style = { good: 'green', note: 'yellow', bad: 'red' } as const
      terminal.line(`${terminal.paint(style[state], state.padEnd(4))}  ${name.padEnd(8)}  ${message}`)
    }
    return bad ? exitCodes.faulted : exitCodes.done
  },
})

interface Check {
  readonly name: string
  readonly state: 'good' | 'note' | 'bad'
  readonly message: string
}

async function node(): Promise<Check> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const enough = major > 20 || (major === 20 && minor >= 19)
  return enough
    ? { name: 'node', state: 'good', message: `Node ${process.versions.node}.` }
    : { name: 'node', state: 'bad', message: `Node ${process.versions.node}; it must be 20.19 or later.` }
}

const enoughBytes = 1_000_000_000

async function data({ data: folder, databaseUrl }: Settings): Promise<Check> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await access(folder, constants.R_OK | constants.W_OK)
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const gigabytes = `${(free / 1e9).toFixed(1)} GB`
  if (free < enoughBytes) {
    return { name: 'data', state: 'note', message: `${folder} has only ${gigabytes} left: make room.` }
  }
  const usable = {
    name: 'data',
    state: 'good',
    message: `${folder} can be read and written; ${gigabytes} free.`,
  } as const
  if (databaseUrl !== undefined) return usable
  const { openDatabase } = await import('../database/index.ts')
  try {
    const database = await openDatabase({ folder })
    try {
      const [row] = await database.query<{ quick_check: string }>('PRAGMA quick_check(1)')
      if (row?.quick_check !== 'ok') {
        const message = `The database in ${folder} is damaged: ${row?.quick_check}. Restore it from a backup.`
        return { name: 'data', state: 'bad', message }
      }
    } finally {
      await database.close()
    }
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'SLUSE-STORE-LOCKED') throw error
    return {
      name: 'data',
      state: 'good',
      message: `${folder} is in use by a running process; ${gigabytes} free.`,
    }
  }
  return usable
}

/** What a process takes: one writes, up to eight read, one hears what others write. */
const connectionsOfOne = 10

/** Of a server of their own; else they are in the data folder. Nothing is changed there: an older version may be at work. */
async function records({ databaseUrl: url }: Settings): Promise<Check> {
  if (url === undefined) return { name: 'records', state: 'good', message: 'They are in the data folder.' }
  const { examineRecords } = await import('../database/index.ts')
  const { version, bytes, behind, empty, connectionsLeft } = await examineRecords(url)
  const found = `They are on PostgreSQL ${version}; ${(bytes / 1e6).toFixed(0)} MB.`
  const notes = [
    empty &&
      'Nothing is there yet: `sluse migrate` moves records there, and the first start makes the tables.',
    !empty &&
      behind > 0 &&
      `Its schema is ${behind} steps behind: the first start of this version takes them, and older versions refuse it then.`,
    connectionsLeft < connectionsOfOne &&
      `Only ${connectionsLeft} connections are left of its max_connections; each process takes up to ${connectionsOfOne}.`,
  ].filter((note) => note !== false)
  return { name: 'records', state: notes.length > 0 ? 'note' : 'good', message: [found, ...notes].join(' ') }
}

/** That they can be written, read and removed where they are to lie. */
async function datasets(settings: Settings): Promise<Check> {
  const { checkDatasets } = await import('../app.ts')
  return { name: 'datasets', state: 'good', message: await checkDatasets(settings, process.env) }
}

async function engine(settings: Settings): Promise<readonly Check[]> {
  const { examineEngine } = await import('../app.ts')
  return examineEngine(settings)
}

async function project(settings: Settings): Promise<Check> {
  const { project: folder } = settings
  const [{ readProject }, { projectOptions }] = await Promise.all([
    import('../project/index.ts'),
    import('../app.ts'),
  ])
  const { definitions, findings } = await readProject(folder, projectOptions(settings))
  const pipelines = count(definitions.length, 'pipeline') || 'no pipeline'
  const found = count(findings.length, 'finding')
  if (hasErrors(findings)) {
    return { name: 'project', state: 'bad', message: `${pipelines}, ${found}: run \`sluse validate\`.` }
  }
  return {
    name: 'project',
    state: findings.length > 0 || definitions.length === 0 ? 'note' : 'good',
    message: `${folder}: ${[pipelines, found].filter(Boolean).join(', ')}.`,
  }
}

/** Shorter ones would match everywhere, so that they are not masked where runs are recorded. */
const shortest = 4

async function secrets({ project: folder, secretsDir }: Settings): Promise<Check> {
  const [{ readProject }, { loadOptions }] = await Promise.all([
    import('../project/index.ts'),
    import('../app.ts'),
  ])
  const { definitions } = await readProject(folder, loadOptions)
  const names = [...new Set(definitions.flatMap(({ workflow }) => [...(workflow.use?.secrets ?? [])]))]
  const values = await (await openSecrets({ environment: process.env, folder: secretsDir }))(names)
  const missing = names.filter((name) => !Object.hasOwn(values, name))
  const short = names.filter((name) => {
    const value = values[name]
    return typeof value === 'string' && value.length < shortest
  })
  if (missing.length > 0) {
    const message = `Not there: ${missing.join(', ')}. Set SLUSE_SECRET_<NAME>, or put files into SLUSE_SECRETS_DIR.`
    return { name: 'secrets', state: 'note', message }
  }
  if (short.length > 0) {
    const message = `Shorter than ${shortest} characters, so not masked: ${short.join(', ')}.`
    return { name: 'secrets', state: 'note', message }
  }
  return { name: 'secrets', state: 'good', message: `${names.length} named by pipelines, all there.` }
}

async function server(settings: Settings): Promise<Check> {
  const { url } = settings
  const { callServer } = await import('./call-server.ts')
  try {
    const { version } = await callServer<{ version: string }>(settings, 'GET', '/health')
    return { name: 'server', state: 'good', message: `${url} answers, version ${version}.` }
  } catch {
    return {
      name: 'server',
      state: 'note',
      message: `${url} does not answer: start it with \`sluse serve\`.`,
    }
  }
}
