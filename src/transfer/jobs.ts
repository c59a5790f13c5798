import { Postponed } from '../workflow/index.ts'
import { isPassing, troubleAfter } from './trouble.ts'
import type { Trouble } from './store/rows.ts'

/** One of the things that a transfer does side by side: reading, or delivering to one target. */
export interface Job {
  /** For people: `reading from cases`, `delivering to finance`. */
  readonly name: string
  /** What it suffers from, as it was left. */
  trouble: Trouble | undefined
  isReady(): boolean
  /** Does it to its end, or throws. */
  run(signal: AbortSignal): Promise<void>
  /** How far it is: where this has changed, a new failure is the first again. */
  progress(): number
  /** It failed, and will be tried again. */
  troubled(trouble: Trouble): Promise<void>
  /** It failed for good. With `true` all is over. */
  failed(error: unknown): Promise<boolean>
}

export interface JobsOptions {
  readonly giveUpAfter: number
  readonly now: () => number
  readonly random: () => number
  readonly signal: AbortSignal
}

/** What would be waited for longer than this, and nothing else is under way, is postponed. */
const longestWaitMs = 2000

/**
 * Does all jobs, each until it is done or has failed for good; one that fails is tried again later and holds up no
 * other. Throws `Postponed` when all that is left must wait long.
 */
export async function doJobs(given: readonly Job[], options: JobsOptions): Promise<void> {
  const { giveUpAfter, now, random } = options
  const left = new Set(given)
  const running = new Map<Job, Promise<void>>()
  const controller = new AbortController()
  const { signal } = controller
  const stop = () => controller.abort(options.signal.reason)
  if (options.signal.aborted) stop()
  options.signal.addEventListener('abort', stop, { once: true })

  const perform = async (job: Job): Promise<void> => {
    const before = job.progress()
    try {
      await job.run(signal)
      job.trouble = undefined
      left.delete(job)
    } catch (error) {
      if (signal.aborted) return
      const trouble = troubleAfter(error, job.trouble, job.progress() !== before, now(), random)
      if (isPassing(error) && now() - trouble.since < giveUpAfter) {
        job.trouble = trouble
        await job.troubled(trouble)
      } else {
        left.delete(job)
        if (await job.failed(error)) controller.abort(error)
      }
    }
  }

  let unforeseen: unknown
  try {
    while (left.size > 0 && !signal.aborted && unforeseen === undefined) {
      for (const job of left) {
        if (running.has(job) || !job.isReady() || (job.trouble?.due ?? 0) > now()) continue
        const done = perform(job)
          .catch((error: unknown) => {
            unforeseen ??= error
          })
          .finally(() => running.delete(job))
        running.set(job, done)
      }
      const due = Math.min(...[...left].filter((job) => !running.has(job)).map((job) => dueOf(job)))
      const wait = Math.max(due - now(), 0)
      if (running.size === 0) {
        if (left.size === 0) break
        if (wait > longestWaitMs) throw postponed(left, due)
      }
      const timer = pause(Number.isFinite(wait) ? Math.min(wait, 60_000) : 60_000, signal)
      await Promise.race([...running.values(), timer.done])
      timer.stop()
    }
  } finally {
    options.signal.removeEventListener('abort', stop)
    if (!signal.aborted) controller.abort(new Error('The transfer is put off.'))
    await Promise.allSettled(running.values())
  }
  options.signal.throwIfAborted()
  if (unforeseen !== undefined) throw unforeseen
}

/** One that is not ready is woken by another that ends. */
function dueOf(job: Job): number {
  return job.isReady() ? (job.trouble?.due ?? 0) : Infinity
}

function postponed(left: ReadonlySet<Job>, due: number): Postponed {
  const [first] = [...left].sort((one, other) => dueOf(one) - dueOf(other))
  const why = first?.trouble?.problem.detail ?? first?.trouble?.problem.title ?? ''
  return new Postponed(due, first?.trouble?.attempt ?? 1, `${first?.name ?? ''} failed: ${why}`)
}

function pause(ms: number, signal: AbortSignal): { done: Promise<void>; stop: () => void } {
  let stop = () => {}
  const done = new Promise<void>((resolve) => {
    stop = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      resolve()
    }
    const timer = setTimeout(stop, ms)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  })
  return { done, stop }
}
