import { decodeRow } from '../../src/history/index.ts'
import type { Clients } from './clients.ts'
import type { Installation } from './installation.ts'
import type { Member } from './member.ts'

/** What may happen to an installation at a moment that it did not choose. */
export type Kind = 'worker' | 'API server' | 'Temporal' | 'PostgreSQL' | "Temporal's PostgreSQL"

export const kinds: readonly Kind[] = [
  'worker',
  'API server',
  'Temporal',
  'PostgreSQL',
  "Temporal's PostgreSQL",
]

/** Milliseconds for which a server stays away once that was noticed: `SLUSE_TEST_CRASH_OUTAGE=100000`. */
export const outage = Number(process.env.SLUSE_TEST_CRASH_OUTAGE ?? 0)

/** Times in milliseconds, all from the kill on. */
export interface Recovery {
  readonly kind: Kind
  /** Runs that were under way. */
  readonly underWay: number
  /** Until it was there again. */
  readonly back: number
  /**
   * Until a start, an event or a decision was acknowledged after it was gone (a server: after it was back); `Infinity`
   * where nobody asked for one any more.
   */
  readonly acknowledged: number
  /** Until an effect was asked for after it was gone (a server: after it was back). */
  readonly effect: number
  /** Until every run that was under way had gone on. */
  readonly all: number
  /** What `/ready` of each member said meanwhile, where it is one of the servers that is away. */
  readonly ready: readonly string[]
  /** Ids of runs that did not go on. */
  readonly stuck: readonly string[]
}

/** Kills it, starts it again, and sees how the installation comes back. */
export async function kill(
  kind: Kind,
  which: number,
  installation: Installation,
  clients: Clients,
): Promise<Recovery> {
  const { systems } = installation
  await noteRecorded(installation)
  const before = await underWay(installation)
  const watch = (since: number) =>
    Promise.all([first(() => clients.acknowledgedAt, since), first(() => systems.lastAt, since)])
  const at = Date.now()
  const isMember = kind === 'worker' || kind === 'API server'
  const others = isMember ? watch(at) : undefined
  const ready = await downAndUp(kind, which, installation)
  const back = Date.now()
  const [[acknowledged, effect], { stuck, movedAt }] = await Promise.all([
    others ?? watch(back),
    allGoOn(before, installation),
  ])
  return {
    kind,
    underWay: before.size,
    back: back - at,
    acknowledged: acknowledged - at,
    effect: effect - at,
    all: movedAt - at,
    ready,
    stuck,
  }
}

async function downAndUp(kind: Kind, which: number, installation: Installation): Promise<string[]> {
  const { apis, workers, temporal, postgres, members } = installation
  if (kind === 'worker' || kind === 'API server') {
    const one = (kind === 'worker' ? workers : apis)[which % 2] as Member
    await one.end('SIGKILL')
    await one.start()
    return []
  }
  const server = { Temporal: temporal, PostgreSQL: postgres, "Temporal's PostgreSQL": temporal.postgres }[
    kind
  ]
  await server.kill()
  const ready = await Promise.all(members.map(({ url }) => unready(url)))
  await new Promise((resolve) => setTimeout(resolve, outage))
  await server.start()
  return ready
}

/** What a member says once it has noticed; within half a minute. */
async function unready(url: string): Promise<string> {
  for (const until = Date.now() + 30_000; ;) {
    const said = await readiness(url)
    if (said !== 'ready' || Date.now() > until) return said
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

export async function readiness(url: string): Promise<string> {
  const answer = await fetch(`${url}/ready`)
  return ((await answer.json()) as { status: string }).status
}

/** Resolves when each member knows that all servers are back. */
export async function allReady({ members }: Installation): Promise<void> {
  for (const { url } of members)
    while ((await readiness(url)) !== 'ready') await new Promise((resolve) => setTimeout(resolve, 100))
}

type Moves = Map<string, number>

/** Runs that do something, by their ids, with how far they have come. */
async function underWay({ query }: Installation): Promise<Moves> {
  const rows = await query<{ id: string; moved: string }>(
    'sluse',
    `SELECT id, (SELECT coalesce(max(seq), 0) FROM journal WHERE run = number)
       + (SELECT coalesce(sum(records), 0) FROM transfer_targets JOIN transfers ON transfers.id = transfer
          WHERE transfers.run = runs.id) AS moved
     FROM runs WHERE status IN ('pending', 'running')`,
  )
  return new Map(rows.map(({ id, moved }) => [id, Number(moved)]))
}

async function allGoOn(before: Moves, installation: Installation) {
  for (const until = Date.now() + 90_000; ;) {
    const now = await underWay(installation)
    const stuck = [...before].flatMap(([id, moved]) => (now.get(id) === moved ? [id] : []))
    if (stuck.length === 0 || Date.now() > until) return { stuck, movedAt: Date.now() }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Results that stand in the journal: no effect of theirs may come again. */
export async function noteRecorded({ query, systems }: Installation): Promise<void> {
  const rows = await query<{ id: string; data: string }>(
    'sluse',
    'SELECT runs.id AS id, data FROM journal JOIN runs ON runs.number = journal.run',
  )
  for (const { id, data } of rows)
    for (const item of decodeRow(data))
      if (item.type === 'result' || item.type === 'fault') systems.recorded.add(`${id}:${item.key}`)
}

async function first(at: () => number, since: number): Promise<number> {
  for (const until = Date.now() + 90_000; at() <= since && Date.now() < until;)
    await new Promise((resolve) => setTimeout(resolve, 10))
  return at() > since ? at() : Infinity
}

/** Ends and starts all members as an upgrade does, one of each role at a time; gives their exit codes. */
export async function rollingRestart({ apis, workers }: Installation): Promise<(number | null)[]> {
  const codes: (number | null)[] = []
  for (const index of [0, 1] as const) {
    const pair = [apis[index], workers[index]]
    codes.push(...(await Promise.all(pair.map((each) => each.end('SIGTERM')))))
    await Promise.all(pair.map((each) => each.start()))
  }
  return codes
}
