import type { FastifyInstance } from 'fastify'
import type { App } from '../app.ts'
import { targetFamilies } from './target-metrics.ts'
import type { PublishReceipt } from '../engines/index.ts'

/** Counts what is worth watching, for Prometheus (text exposition format 0.0.4). */
export interface Metrics {
  eventsAccepted(receipts: readonly PublishReceipt[]): void
  render(connections: number): string
}

/** Seconds. */
const buckets = [0.005, 0.025, 0.1, 0.5, 2.5, 10]

export function createMetrics(server: FastifyInstance, app: App, stopping: AbortSignal): Metrics {
  const requests = new Map<string, number>()
  const durations = { counts: buckets.map(() => 0), sum: 0, count: 0 }
  const lifecycle = new Map<string, number>()
  const events = { new: 0, duplicate: 0 }

  server.addHook('onResponse', async (request, reply) => {
    // The route, never the address: what people send must not make new series.
    const route = request.routeOptions.url ?? 'none'
    add(requests, labels({ method: request.method, route, status: String(reply.statusCode) }))
    const seconds = reply.elapsedTime / 1000
    durations.count++
    durations.sum += seconds
    buckets.forEach((most, index) => {
      if (seconds <= most) durations.counts[index] = (durations.counts[index] ?? 0) + 1
    })
  })
  void countLifecycle(app, stopping, lifecycle)

  return {
    eventsAccepted: (receipts) => {
      for (const { duplicate } of receipts) events[duplicate ? 'duplicate' : 'new']++
    },
    render: (connections) => {
      const { writable, liveRuns, activitiesRunning, activitiesWaiting, stuckRuns, runsToMove } =
        app.engine.health()
      const memory = process.memoryUsage()
      return [
        family('sluse_http_requests_total', 'counter', 'Requests answered.', requests),
        histogram('sluse_http_request_seconds', 'How long requests took.', durations),
        family(
          'sluse_lifecycle_events_total',
          'counter',
          'What happened to runs and tasks since the start.',
          lifecycle,
        ),
        family('sluse_events_accepted_total', 'counter', 'CloudEvents taken in over HTTP.', {
          '{kind="new"}': events.new,
          '{kind="duplicate"}': events.duplicate,
        }),
        gauge('sluse_runs_in_memory', 'Runs that are not parked.', liveRuns),
        gauge('sluse_runs_stuck', 'Runs that make no progress and that nothing will move.', stuckRuns),
        ...(runsToMove === undefined
          ? []
          : [
              gauge(
                'sluse_runs_to_move',
                'Runs of versions without workers that are yet to be set going again; on whoever leads.',
                runsToMove,
              ),
            ]),
        gauge('sluse_activities_running', 'Calls and processes under way.', activitiesRunning),
        gauge('sluse_activities_waiting', 'Calls and processes that wait their turn.', activitiesWaiting),
        ...targetFamilies(app.guard.targets(), labels).map(({ name, type, help, series }) =>
          family(name, type, help, series),
        ),
        gauge('sluse_store_writable', '0 while the database refuses to write.', writable ? 1 : 0),
        gauge('sluse_live_connections', 'Clients that follow what happens.', connections),
        gauge('process_resident_memory_bytes', 'Memory of the process.', memory.rss),
        gauge('nodejs_heap_size_used_bytes', 'Memory that JavaScript uses.', memory.heapUsed),
        gauge('process_uptime_seconds', 'Since the process began.', Math.round(process.uptime())),
      ].join('')
    },
  }
}

/** Reads the one feed; where that cannot be read for a while, on from where it was. */
async function countLifecycle(app: App, signal: AbortSignal, counts: Map<string, number>): Promise<void> {
  let from: string | undefined
  while (!signal.aborted) {
    try {
      for await (const { event, cursor } of app.history.subscribe({ signal, ...(from && { from }) })) {
        from = cursor
        add(counts, labels({ type: event.type }))
      }
    } catch (error) {
      if (signal.aborted) return
      app.log('warn', 'Lifecycle events cannot be counted now; trying again.', { error: String(error) })
      await new Promise((resolve) => setTimeout(resolve, againMs).unref())
    }
  }
}

const againMs = 5000

function add(counts: Map<string, number>, series: string): void {
  counts.set(series, (counts.get(series) ?? 0) + 1)
}

function labels(values: { readonly [name: string]: string }): string {
  const pairs = Object.entries(values).map(
    ([name, value]) =>
      `${name}="${value.replace(/["\\\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))}"`,
  )
  return `{${pairs.join(',')}}`
}

function family(
  name: string,
  type: string,
  help: string,
  series: ReadonlyMap<string, number> | { readonly [labels: string]: number },
): string {
  const lines = series instanceof Map ? [...series] : Object.entries(series)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.map(([labels, value]) => `${name}${labels} ${value}\n`).join('')}`
}

function gauge(name: string, help: string, value: number): string {
  return family(name, 'gauge', help, { '': value })
}

function histogram(
  name: string,
  help: string,
  { counts, sum, count }: { counts: readonly number[]; sum: number; count: number },
): string {
  const series = buckets.map((most, index) => `${name}_bucket{le="${most}"} ${counts[index]}\n`)
  return (
    `# HELP ${name} ${help}\n# TYPE ${name} histogram\n${series.join('')}` +
    `${name}_bucket{le="+Inf"} ${count}\n${name}_sum ${sum}\n${name}_count ${count}\n`
  )
}
