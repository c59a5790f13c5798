import type { App } from './open-app.ts'
import type { Outcome } from '../engines/index.ts'
import type { Definition } from '../workflow/definition/index.ts'
import type { CloudEvent, Json } from '../workflow/index.ts'

export interface RunOnceOptions {
  readonly definition: Definition
  readonly input?: Json | undefined
  /** Further definitions that `run: workflow` may name. */
  readonly others?: readonly Definition[]
  /** Published in order, each once the run waits for one. */
  readonly events?: readonly CloudEvent[]
  /** Aborting it cancels the run, which then ends as cancelled. */
  readonly signal?: AbortSignal
  readonly by?: string
}

export interface RunOnce {
  readonly id: string
  readonly outcome: Outcome
  /** The events that the run and what it ran emitted, in order. */
  readonly emitted: readonly CloudEvent[]
  /** How many of the given events were never waited for. */
  readonly unpublished: number
}

/**
 * Runs one definition to its end, as durably as any. No schedule of the given definitions takes effect: they are
 * run because somebody asked for it.
 */
export async function runOnce(app: App, options: RunOnceOptions): Promise<RunOnce> {
  const { definition, others = [], events = [], signal } = options
  const before = await app.inbox.newest()
  const unscheduled = [definition, ...others].map(withoutSchedule)
  await app.engine.deploy(unscheduled)
  const { id } = await app.engine.start({
    definition: unscheduled[0] ?? definition,
    ...(options.input !== undefined && { input: options.input }),
    by: options.by ?? 'command line',
  })
  const cancel = () => void app.engine.cancel(id, 'command line').catch(() => {})
  if (signal?.aborted) cancel()
  signal?.addEventListener('abort', cancel, { once: true })

  const ended = app.engine.outcome(id)
  let over = false
  const feeding = feed(app, events, () => over)
  const outcome = await ended
  over = true
  const unpublished = await feeding
  signal?.removeEventListener('abort', cancel)
  return { id, outcome, emitted: await emittedSince(app, before, events), unpublished }
}

/** How often it is looked whether something waits: it may be in a child of the run, and in any branch. */
const pollMs = 10

/**
 * Publishes each event once something waits for one; gives how many were left when the run ended. What waits is put
 * down on disk at once where the engine is opened for that (`parkAtOnceAfter` and `maxIdleRuns` 0).
 */
async function feed(app: App, events: readonly CloudEvent[], over: () => boolean): Promise<number> {
  let left = events.length
  for (const event of events) {
    while (!over() && !(await app.waits.forEvent())) await pause(pollMs)
    if (over()) return left
    await app.engine.publish([event])
    left--
    // What was published is handed on at once; give the run the time to take it up before it is looked at again.
    await pause(pollMs)
  }
  return left
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function emittedSince(
  app: App,
  cursor: string,
  published: readonly CloudEvent[],
): Promise<CloudEvent[]> {
  const ours = new Set(published.map(({ source, id }) => JSON.stringify([source, id])))
  const emitted: CloudEvent[] = []
  for (let from = cursor; ;) {
    const page = await app.inbox.after(from)
    emitted.push(
      ...page.map(({ event }) => event).filter(({ source, id }) => !ours.has(JSON.stringify([source, id]))),
    )
    const last = page.at(-1)
    if (!last) return emitted
    from = last.cursor
  }
}

/** The text differs by an empty line, because a definition is known by its text. */
function withoutSchedule(definition: Definition): Definition {
  const { schedule, ...workflow } = definition.workflow
  return schedule ? { ...definition, text: `${definition.text}\n`, workflow } : definition
}
