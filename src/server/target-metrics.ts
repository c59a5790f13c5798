import type { TargetSnapshot } from '../resilience/index.ts'

/** A series for each target, as `metrics.ts` prints them. */
export interface TargetFamily {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly series: ReadonlyMap<string, number>
}

/** `labels` writes label pairs; names come from connections and definitions. */
export function targetFamilies(
  targets: readonly TargetSnapshot[],
  labels: (values: { readonly [name: string]: string }) => string,
): TargetFamily[] {
  const series = (value: (target: TargetSnapshot) => number) =>
    new Map(targets.map((target) => [labels({ target: target.key }), value(target)]))
  const counters = [
    ['sluse_target_calls_total', 'Calls that were made.', 'attempts'],
    ['sluse_target_failures_total', 'Calls that failed.', 'failures'],
    ['sluse_target_retries_total', 'Calls that were made again by a policy.', 'retries'],
    ['sluse_target_postponed_total', 'Times that a call was put down on disk to be made later.', 'postponed'],
  ] as const
  return [
    ...counters.map(([name, help, count]): TargetFamily => ({
      name,
      help,
      type: 'counter',
      series: series((target) => target[count]),
    })),
    {
      name: 'sluse_target_calls_running',
      type: 'gauge',
      help: 'Calls under way.',
      series: series(({ limits }) => limits.running),
    },
    {
      name: 'sluse_target_calls_queued',
      type: 'gauge',
      help: 'Calls in memory that wait for a place within the limits.',
      series: series(({ queued }) => queued),
    },
    {
      name: 'sluse_target_breaker_closed',
      type: 'gauge',
      help: '1 while calls pass the circuit breaker; 0 while it is open, held or being tried.',
      series: series(({ breaker }) => (breaker === undefined || breaker.state === 'closed' ? 1 : 0)),
    },
  ]
}
