import { Postponed, type Problem } from '../workflow/index.ts'
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
  /** It failed for good. Gives the problem with which all is over, where it is. */
  failed(error: unknown): Promise<Problem | undefined>
  /** Whether it has nothing to do until another job goes on. */
  isIdle?(): boolean
}

/** What became of an attempt at a job. `stopped`: by its signal; it may be taken up again. */
export type Ended =
  | { readonly kind: 'done' | 'failed' | 'stopped' }
  | { readonly kind: 'later'; readonly due: number }
  | { readonly kind: 'over'; readonly problem: Problem }

export interface JobsOptions {
  readonly giveUpAfter: number
  readonly now: () => number
  readonly random: () => number
  readonly signal: AbortSignal
}

/** What would be waited for longer than this, and nothing else is under way, is postponed. */
export const longestWaitMs = 2000

/** Does a job once, as far as it goes. Throws where what became of it cannot be kept. */
export async function attempt(job: Job, options: JobsOptions): Promise<Ended> {
  const { giveUpAfter, now, random, signal } = options
  const before = job.progress()
  try {
    await job.run(signal)
    job.trouble = undefined
    return { kind: 'done' }
  } catch (error) {
    if (signal.aborted) return { kind: 'stopped' }
    const trouble = troubleAfter(error, job.trouble, job.progress() !== before, now(), random)
    if (isPassing(error) && now() - trouble.since < giveUpAfter) {
      job.trouble = trouble
      await job.troubled(trouble)
      return { kind: 'later', due: trouble.due }
    }
    const problem = await job.failed(error)
    return problem ? { kind: 'over', problem } : { kind: 'failed' }
  }
}

/**
 * Does all jobs, each until it is done or has failed for good; one that fails is tried again later and holds up no
 * other. Throws `Postponed` when all that is left must wait long. Gives the problem with which all was over, if it was.
 */
export async function doJobs(given: readonly Job[], options: JobsOptions): Promise<Problem | undefined> {
  const { now } = options
  const left = new Set(given)
  const running = new Map<Job, Promise<void>>()
  const controller = new AbortController()
  const { signal } = controller
  const stop = () => controller.abort(options.signal.reason)
  if (options.signal.aborted) stop()
  options.signal.addEventListener('abort', stop, { once: true })

  let over: Problem | undefined
  const perform = async (job: Job): Promise<void> => {
    const ended = await attempt(job, { ...options, signal })
    if (ended.kind === 'later' || ended.kind === 'stopped') return
    left.delete(job)
    if (ended.kind !== 'over') return
    over ??= ended.problem
    controller.abort(new Error('The transfer has failed.'))
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
  return over
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
