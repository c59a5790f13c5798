import type { Statement } from '../../database/index.ts'
import type { FeedItem } from '../../history/index.ts'
import { SluseError } from '../../errors.ts'
import type { LifecycleReport, TaskPlace } from '../../workflow/index.ts'
import type { LiveRun } from './live-run.ts'
import type { RunWriter } from './run-writer.ts'

export interface Control {
  readonly kind: 'cancel' | 'suspend' | 'resume'
  /** Written with what it does; where it cannot be, the command is refused, and nothing of it has happened. */
  readonly record?: readonly Statement[] | undefined
  /** When it was, in milliseconds since 1970: what is left is to do it. */
  readonly written?: number
  durable(): void
  refused(error: unknown): void
}

export interface CommandsParts {
  readonly run: LiveRun
  readonly writer: RunWriter
  /** Whether something that was recorded while the run was suspended has not been given to it yet. */
  readonly owes: () => boolean
  readonly cancel: () => void
  /** It is suspended, or goes on. */
  readonly changed: (held: boolean) => void
}

/** What people order of a run, one after the other: each is in the records before it is done. */
export class Commands {
  readonly #parts: CommandsParts
  readonly #waiting: Control[] = []
  /** Tasks that have begun, and not ended. */
  readonly #tasks = new Map<string, TaskPlace>()
  #held: boolean
  #asking = false

  constructor(held: boolean, parts: CommandsParts) {
    this.#held = held
    this.#parts = parts
  }

  /** Suspended. */
  get held(): boolean {
    return this.#held
  }

  /** A command is on its way to the records, and is done only when it is there. */
  get asking(): boolean {
    return this.#asking
  }

  get waiting(): number {
    return this.#waiting.length
  }

  add(control: Control): void {
    this.#waiting.push(control)
  }

  hear(report: LifecycleReport): void {
    if (report.kind === 'task.started') this.#tasks.set(report.key, { task: report.task, key: report.key })
    else if ('key' in report && ends.has(report.kind)) this.#tasks.delete(report.key)
  }

  /** `false` where there is none. */
  obeyNext(): boolean {
    const control = this.#waiting.shift()
    if (control) this.#obey(control)
    return control !== undefined
  }

  refuseAll(error: () => SluseError): void {
    for (const control of this.#waiting.splice(0)) control.refused(error())
  }

  #obey(control: Control): void {
    const { run, writer } = this.#parts
    const { kind, record = [], written } = control
    if (written !== undefined) return this.#do(control, written)
    if (kind !== 'cancel' && (kind === 'suspend') === this.#held) {
      return control.refused(
        new SluseError('SLUSE-RUN-STATE', `It is ${this.#held ? 'already' : 'not'} suspended.`),
      )
    }
    const at = Math.max(run.now, run.core.clock.now())
    const items = kind === 'cancel' ? [{ type: 'cancel', at } as const] : this.#tellings(kind, at)
    const { standing } = run.core
    const stands = { cancel: [], suspend: standing.suspended(run), resume: standing.active(run) }[kind]
    if (record.length > 0) return this.#ask(control, at, items, [...record, ...stands])
    for (const item of items) writer.item(item)
    writer.statement(...stands)
    writer.durable(() => control.durable())
    this.#do(control, at)
  }

  #ask(control: Control, at: number, items: readonly FeedItem[], statements: readonly Statement[]): void {
    const { run, writer } = this.#parts
    this.#asking = true
    const answered = (then: () => void) => {
      this.#asking = false
      then()
      run.look()
    }
    writer.send(() => run.look())
    writer.alone(items, statements, {
      durable: () =>
        answered(() => {
          control.durable()
          this.#waiting.unshift({ ...control, written: at })
        }),
      refused: (error) => answered(() => control.refused(error)),
    })
  }

  #do(control: Control, at: number): void {
    const { run, owes, cancel, changed } = this.#parts
    if (control.kind === 'cancel') {
      this.#held = false
      // What was recorded while it was suspended comes first, as it will in every replay.
      if (owes()) return void this.#waiting.unshift({ ...control, written: at })
      run.now = Math.max(run.now, at)
      return cancel()
    }
    this.#held = control.kind === 'suspend'
    changed(this.#held)
  }

  #tellings(kind: 'suspend' | 'resume', at: number): FeedItem[] {
    const state = kind === 'suspend' ? 'suspended' : 'resumed'
    const ofTasks = [...this.#tasks.values()].map(
      (place) => ({ type: 'report', report: { kind: `task.${state}`, ...place }, at }) as const,
    )
    return [{ type: 'report', report: { kind: `workflow.${state}` }, at }, ...ofTasks]
  }
}

const ends: ReadonlySet<string> = new Set(['task.completed', 'task.faulted', 'task.cancelled'])
