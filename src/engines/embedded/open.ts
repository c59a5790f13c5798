import { SluseError } from '../../errors.ts'
import { interpret } from '../../workflow/index.ts'
import type { DefinitionReference, StartRequest } from '../engine.ts'
import { Children } from './children.ts'
import { systemClock } from '../records/clock.ts'
import type { Core } from './core.ts'
import { Definitions } from '../records/definitions.ts'
import { Detached } from './detached.ts'
import { readMark, saveMark } from '../../database/index.ts'
import { Dispatcher } from './dispatcher.ts'
import { Gates } from './gates.ts'
import { GroupCommit } from '../records/group-commit.ts'
import { Inbox } from '../records/inbox.ts'
import { Limiter } from '../records/limiter.ts'
import type { Control } from '../run/live-run.ts'
import type { EmbeddedEngine, EmbeddedEngineOptions } from './options.ts'
import { Parking } from './parking.ts'
import { Pauses } from '../records/pauses.ts'
import { planRerun } from '../records/rerun.ts'
import { RunRecords } from '../records/run-records.ts'
import { Retention } from '../records/retention.ts'
import { isOver } from '../run/run-row.ts'
import { Runs } from './runs.ts'
import { Schedules } from '../records/schedules.ts'
import { derivedId } from '../records/ids.ts'
import { defaultSettings } from './settings.ts'
import * as sql from '../run/statements.ts'
import { Starts } from '../records/starts.ts'
import { Timers } from '../records/timers.ts'
import { Turns } from '../records/turns.ts'
import { Watchdog } from './watchdog.ts'

/**
 * Opens the engine on a database and takes up what was under way: runs with work in hand replay and go on, parked
 * ones are left where they are. Resolves when all is in motion, not when it has come to rest.
 */
export async function openEmbeddedEngine(options: EmbeddedEngineOptions): Promise<EmbeddedEngine> {
  const core = await assemble(options)
  const { runs, records, inbox, definitions, schedules, commits } = core
  const starts = new Starts(core)
  const retention = new Retention(core, {
    settledTo: () => Math.min(core.dispatcher.settledTo, schedules.settledTo),
    marks: (of) =>
      of === 'events'
        ? [saveMark('inbox', commits.nextEvent - 1)]
        : [saveMark('runs', runs.lastNumber), saveMark('journal', commits.lastRow)],
  })
  let closing: Promise<void> | undefined

  const assertOpen = () => {
    if (closing) throw new SluseError('SLUSE-CLOSING')
  }

  await definitions.open()
  await core.pauses.open()
  await schedules.open()
  await core.detached.open()
  await takeUp(core)
  await core.parking.open()
  await core.gates.open()
  core.dispatcher.notify()
  retention.open()
  await core.watchdog.open()

  const command = async (
    id: string,
    kind: Control['kind'],
    by: string | undefined,
    record: Control['record'],
  ): Promise<void> => {
    assertOpen()
    const row = await records.find(id)
    await new Promise<void>((durable, refused) => {
      const ended = () => refused(new SluseError('SLUSE-RUN-ENDED', `(${id})`))
      if (isOver(row.status)) return ended()
      runs
        .wake(row.number, (run) => run.command({ kind, record, durable, refused }))
        .then((found) => found || ended(), refused)
    })
    core.log('info', `A run was ${done[kind]}.`, { run: id, by: by ?? '' })
  }

  return {
    recordsAtOnce: true,
    async deploy(all, record) {
      assertOpen()
      for (const definition of all) await starts.deploy(definition, record)
    },
    async undeploy(reference: DefinitionReference, record) {
      assertOpen()
      await starts.undeploy(reference, record)
    },
    async setEnabled(pipeline, enabled, change) {
      assertOpen()
      await core.pauses.set(pipeline, enabled, change)
    },
    async start(request: StartRequest) {
      assertOpen()
      return starts.start(request)
    },
    outcome: (id) => runs.outcome(id),
    cancel: (id, by, record) => command(id, 'cancel', by, record),
    suspend: (id, by, record) => command(id, 'suspend', by, record),
    resume: (id, by, record) => command(id, 'resume', by, record),
    async rerun(id, request) {
      assertOpen()
      return starts.rerun(await planRerun(core, id, request), request.record)
    },
    async publish(events, record) {
      assertOpen()
      return inbox.publish(events, record)
    },
    close(graceMs = 10_000) {
      closing ??= close(core, retention, graceMs)
      return closing
    },
    health: () => ({
      writable: commits.writable && !(core.database.away?.() ?? false),
      liveRuns: runs.size,
      activitiesRunning: core.limiter.running,
      activitiesWaiting: core.limiter.waiting,
      stuckRuns: core.watchdog.stuckRuns,
    }),
  }
}

const done = { cancel: 'cancelled', suspend: 'suspended', resume: 'resumed' } as const

async function assemble(options: EmbeddedEngineOptions): Promise<Core> {
  const { database } = options
  const settings = { ...defaultSettings, ...options.settings }
  const clock = options.clock ?? systemClock
  const log = options.log ?? (() => {})
  const last = async (table: string, column: string, mark: string) => {
    const sql = `SELECT max(number) AS last FROM (SELECT max(${column}) AS number FROM ${table}
      UNION ALL SELECT value FROM marks WHERE name = ?) AS numbers`
    const [row] = await database.query<{ last: number | null }>(sql, [mark])
    return row?.last ?? 0
  }
  const journal = await last('journal', 'seq', 'journal')
  const events = await last('inbox', 'seq', 'inbox')
  const dispatched = (await readMark(database, 'dispatched')) ?? 0
  const commits = new GroupCommit(database, { journal, inbox: events }, log)
  const self = (): Core => core
  const dispatcher = new Dispatcher(self, dispatched)
  const core: Core = {
    database,
    settings,
    clock,
    log,
    runtime: options.runtime ?? { name: 'sluse', version: '', metadata: {} },
    interpret: options.interpret ?? interpret,
    activities: options.activities,
    secrets: options.secrets ?? (async () => ({})),
    gatekeeper: options.gatekeeper,
    derivedId,
    standing: {
      leaves: true,
      active: (run) => sql.active(run.row.number),
      parked: (run) => [...sql.parked(run.row.number), ...core.parking.rows(run)],
      suspended: (run) => sql.suspended(run.row.number),
      ended: (run, wasParked) => (wasParked ? [sql.forgetAllWaits(run.row.number)] : []),
    },
    commits,
    turns: new Turns(),
    timers: new Timers(clock),
    limiter: new Limiter(settings.activityConcurrency),
    definitions: new Definitions(database),
    pauses: new Pauses(self),
    records: new RunRecords(database, options.secrets ?? (async () => ({}))),
    runs: new Runs(self, await last('runs', 'number', 'runs'), settings.replayConcurrency),
    parking: new Parking(self),
    gates: new Gates(self),
    inbox: new Inbox(database, commits, clock, settings, () => dispatcher.notify()),
    dispatcher,
    children: new Children(self),
    detached: new Detached(self),
    schedules: new Schedules(self),
    watchdog: new Watchdog(self),
  }
  return core
}

/** Runs that had work in hand, and parked ones whose child ended just as they parked. */
async function takeUp({ database, runs }: Core): Promise<void> {
  const rows = await database.query<{ number: number }>(
    `SELECT number FROM runs WHERE active = 1
     UNION
     SELECT waits.run AS number FROM waits
       JOIN runs ON runs.parent = waits.run AND runs.parent_key = waits.key
       WHERE waits.kind = 'child' AND runs.ended_at IS NOT NULL`,
  )
  for (const { number } of rows) void runs.wake(number)
}

async function close(core: Core, retention: Retention, graceMs: number): Promise<void> {
  const { dispatcher, schedules, parking, runs, commits, timers, limiter } = core
  retention.stop()
  schedules.stop()
  await core.watchdog.stop()
  await dispatcher.stop()
  await parking.stop()
  core.gates.stop()
  const until = Date.now() + graceMs
  limiter.close()
  // What is under way may end, and its result be recorded; what would follow from that is for the next process.
  const busy = () => limiter.running > 0 || [...runs.all()].some((run) => !run.atRest)
  while (busy() && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20))
  dispatcher.save(true)
  runs.stop()
  core.detached.stop()
  timers.stop()
  await Promise.race([
    commits.drained(),
    new Promise((resolve) => setTimeout(resolve, graceMs + 1000).unref()),
  ])
  commits.stop()
}
