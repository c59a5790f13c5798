import { createHash } from 'node:crypto'
import type { LivingMember } from '../../members/index.ts'
import { compareVersions } from '../records/versions.ts'

/**
 * What a worker's code is called: the product's version, and a digest of what runs in the sandbox. Workers of one build
 * replay alike.
 */
export function buildOf(version: string, bundle: string): string {
  const digest = createHash('sha256').update(bundle).digest('hex').slice(0, 12)
  return `${version || '0.0.0'}+${digest}`
}

/** One for each task queue; Temporal allows neither `.` nor `:` in it. */
export function deploymentOf(taskQueue: string): string {
  return taskQueue.replaceAll(/[.:]/g, '-').slice(0, 100)
}

/**
 * The builds that have workers for a task queue. Temporal itself remembers for minutes those that have gone; of the
 * processes of the installation it is known at once where they close, and by their silence where they were killed.
 */
export function buildsPresent(living: readonly LivingMember[], taskQueue: string): Set<string> {
  const builds = living.flatMap(({ abilities: { carriesOut } }) =>
    carriesOut?.taskQueue === taskQueue ? [carriesOut.build] : [],
  )
  return new Set(builds.sort())
}

/**
 * The build on which new runs should begin, of those that have workers or may come back: the highest version and, within
 * one, the one that came last. So an old worker that starts again takes nothing over, and where the newer ones have been
 * taken away, that is left to the older ones. `since` says when Temporal first heard of a build; others do not count.
 */
export function newest(builds: Iterable<string>, since: ReadonlyMap<string, number>): string | undefined {
  const order = (a: string, b: string) =>
    compareVersions(a, b) || (since.get(a) ?? 0) - (since.get(b) ?? 0) || (a < b ? -1 : 1)
  return [...builds]
    .filter((build) => since.has(build))
    .sort(order)
    .at(-1)
}
