import type { Log } from '../config/index.ts'
import type { Database, Statement } from '../database/index.ts'
import { SluseError } from '../errors.ts'
import type { Guard, Limits, TargetSnapshot } from '../resilience/index.ts'
import { everywhere } from './targets-everywhere.ts'

/** The target systems, for operators: what is known of each, and what may be changed while the server runs. */
export interface Targets {
  list(): Promise<TargetInfo[]>
  /** By its key, or by its name where only one has it; `SLUSE-TARGET-NOT-FOUND`. */
  find(keyOrName: string): Promise<TargetInfo>
  /** Takes effect at once, and lasts over a restart. `SLUSE-TARGET-NOT-FOUND`, `SLUSE-TARGET-STATE`. */
  change(keyOrName: string, change: TargetChange, by: ChangedBy): Promise<TargetInfo>
  close(): void
}

export interface ChangedBy {
  readonly subject: string
  /** Statements that tell of it, given the target's key: written in one transaction with the change. */
  readonly entry?: (key: string) => readonly Statement[]
}

export interface TargetInfo extends TargetSnapshot {
  /** Calls on disk that wait for it. */
  readonly waiting: number
  /** Whether an operator has put other limits in the place of those that the connection declares. */
  readonly limitsChanged: boolean
}

export type TargetChange =
  /** Closes the breaker and forgets its counts. */
  | { readonly kind: 'reset' }
  /** Keeps the breaker open until it is released. */
  | { readonly kind: 'hold' }
  | { readonly kind: 'release' }
  /** Without limits: those that the connection declares. */
  | { readonly kind: 'limit'; readonly limits: Limits | undefined }

/** Puts the guard in the state in which operators left it. */
export async function openTargets(
  database: Database,
  guard: Guard,
  options: { readonly log: Log; readonly now: () => number },
): Promise<Targets> {
  const changed = new Map<string, Override>()
  let changes = 0

  /** Takes over what is in the database: also what operators do at another server. */
  const follow = async () => {
    const at = changes
    const rows = await database.query<OverrideRow>('SELECT key, concurrency, per_second, held FROM targets')
    // What was changed here meanwhile is newer; its commit has us look again.
    if (at !== changes) return
    const now = new Map(rows.map((row) => [row.key, fromRow(row)]))
    for (const key of new Set([...changed.keys(), ...now.keys()])) {
      const before = changed.get(key) ?? untouched
      const after = now.get(key) ?? untouched
      if (JSON.stringify(before.limits) !== JSON.stringify(after.limits))
        guard.changeLimits(key, after.limits)
      if (before.held !== after.held) guard[after.held ? 'hold' : 'release'](key)
      if (after === untouched) changed.delete(key)
      else changed.set(key, after)
    }
  }
  await follow()
  let following: NodeJS.Timeout | undefined
  let followedAt = 0
  const stop = database.onCommit(() => {
    const pause = Math.max(0, followedAt + followMs - Date.now())
    following ??= setTimeout(() => {
      following = undefined
      followedAt = Date.now()
      follow().catch((error: unknown) =>
        options.log('warn', 'What operators changed of targets cannot be read.', { error: String(error) }),
      )
    }, pause).unref()
  })

  const list = async (): Promise<TargetInfo[]> => {
    const counts = await database.query<{ hint: string; count: number }>(
      "SELECT hint, count(*) AS count FROM waits WHERE kind = 'gate' GROUP BY hint",
    )
    const waiting = new Map(counts.map(({ hint, count }) => [hint, count]))
    return everywhere(guard.targets(), await guard.elsewhere())
      .map((target) => ({
        ...target,
        waiting: waiting.get(target.key) ?? 0,
        limitsChanged: changed.get(target.key)?.limits !== undefined,
      }))
      .sort((one, other) => one.name.localeCompare(other.name))
  }

  const find = async (keyOrName: string): Promise<TargetInfo> => {
    const all = await list()
    const named = all.filter(({ name }) => name === keyOrName)
    const info = all.find(({ key }) => key === keyOrName) ?? (named.length === 1 ? named[0] : undefined)
    if (!info) throw new SluseError('SLUSE-TARGET-NOT-FOUND', `Asked for: ${keyOrName}.`)
    return info
  }

  const change: Targets['change'] = async (keyOrName, asked, by) => {
    const { key, name, breaker } = await find(keyOrName)
    const held = breaker?.state === 'held'
    if (asked.kind === 'release' && !held) throw new SluseError('SLUSE-TARGET-STATE', `${name} is not held.`)
    if ((asked.kind === 'reset' || asked.kind === 'hold') && held) {
      throw new SluseError('SLUSE-TARGET-STATE', `${name} is held: release it first.`)
    }
    const before = changed.get(key) ?? untouched
    const after = {
      held: asked.kind === 'hold' || (before.held && asked.kind !== 'release'),
      limits: asked.kind === 'limit' ? asked.limits : before.limits,
    }
    await database.commit([statementOf(key, after, options.now(), by.subject), ...(by.entry?.(key) ?? [])])
    changes++
    changed.set(key, after)
    apply(guard, key, asked)
    const { kind } = asked
    options.log('info', 'An operator changed a target.', {
      target: key,
      change: kind,
      by: by.subject,
      ...shown(asked),
    })
    return find(key)
  }

  const close = () => {
    stop()
    clearTimeout(following)
  }

  return { list, find, change, close }
}

/** How long apart looks are for what operators told another server: much is committed that is nothing of theirs. */
const followMs = 250

function apply(guard: Guard, key: string, change: TargetChange): void {
  switch (change.kind) {
    case 'reset':
    case 'release':
      return guard.reset(key)
    case 'hold':
      return guard.hold(key)
    case 'limit':
      return guard.changeLimits(key, change.limits)
  }
}

interface Override {
  readonly held: boolean
  readonly limits: Limits | undefined
}

const untouched: Override = { held: false, limits: undefined }

type OverrideRow = { key: string; concurrency: number | null; per_second: number | null; held: number }

function fromRow({ concurrency, per_second: perSecond, held }: OverrideRow): Override {
  const limits = {
    ...(concurrency !== null && { concurrency }),
    ...(perSecond !== null && { perSecond }),
  }
  return { held: held === 1, limits: Object.keys(limits).length > 0 ? limits : undefined }
}

function statementOf(key: string, { held, limits }: Override, now: number, by: string) {
  if (!held && limits === undefined) {
    return { sql: 'DELETE FROM targets WHERE key = ?', parameters: [key] }
  }
  return {
    sql: `INSERT INTO targets (key, concurrency, per_second, held, changed_at, changed_by)
      VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (key) DO UPDATE SET concurrency = excluded.concurrency, per_second = excluded.per_second,
        held = excluded.held, changed_at = excluded.changed_at, changed_by = excluded.changed_by`,
    parameters: [key, limits?.concurrency ?? null, limits?.perSecond ?? null, held ? 1 : 0, now, by],
  }
}

function shown(change: TargetChange): { limits?: { [name: string]: number } } {
  return change.kind === 'limit' && change.limits ? { limits: { ...change.limits } } : {}
}
