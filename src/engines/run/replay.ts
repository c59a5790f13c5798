import type { FeedItem } from '../../history/index.ts'

type Entry = Exclude<FeedItem, { type: 'start' | 'report' | 'postponed' | 'copy' }>
type Copy = Extract<FeedItem, { type: 'copy' }>

/** What only the engine reports; the interpreter does not report it again when it replays. */
const reportedByEngine = new Set([
  'workflow.suspended',
  'workflow.resumed',
  'workflow.completed',
  'workflow.faulted',
  'workflow.cancelled',
  'task.suspended',
  'task.resumed',
])

/**
 * A run's journal on its way back to the interpreter: its entries in order. Copies from another run come first and
 * are answers to have ready, not an order to keep: the definition may have changed.
 */
export class Replay {
  /** For activities that were put off: when they are due, and how many attempts have failed. */
  readonly postponed = new Map<string, Extract<FeedItem, { type: 'postponed' }>>()
  /** Inbox numbers of the events that the run has consumed. */
  readonly consumed: number[] = []
  readonly #entries: Entry[] = []
  readonly #copies = new Map<string, { copy: Copy; order: number }>()
  #asked: { copy: Copy; order: number }[] = []
  #next = 0
  #reports = 0

  constructor(items: readonly FeedItem[]) {
    for (const item of items) {
      switch (item.type) {
        case 'report':
          if (!reportedByEngine.has(item.report.kind)) this.#reports++
          break
        case 'start':
          this.consumed.push(...(item.consumed ?? []))
          break
        case 'copy':
          this.#copies.set(item.key, { copy: item, order: this.#copies.size })
          if (item.event !== undefined) this.consumed.push(item.event)
          break
        case 'postponed':
          this.postponed.set(item.key, item)
          break
        default:
          if (item.type === 'result' && item.event !== undefined) this.consumed.push(item.event)
          this.#entries.push(item)
      }
    }
  }

  /** Whether a copy answers this effect; it is then due. */
  answers(key: string): boolean {
    const found = this.#copies.get(key)
    if (!found) return false
    this.#copies.delete(key)
    this.#asked.push(found)
    return true
  }

  /** The copy to deliver next: of those that were asked for, the one whose result came first. */
  takeCopy(): Copy | undefined {
    const first = this.#asked.reduce<{ copy: Copy; order: number } | undefined>(
      (least, asked) => (least && least.order < asked.order ? least : asked),
      undefined,
    )
    this.#asked = this.#asked.filter((asked) => asked !== first)
    return first?.copy
  }

  get copyDue(): boolean {
    return this.#asked.length > 0
  }

  /** The next entry, until they have all been taken. */
  take(): Entry | undefined {
    return this.#entries[this.#next++]
  }

  get done(): boolean {
    return this.#next >= this.#entries.length
  }

  /** Whether the run cannot have ended yet: there are results that it was given. */
  get expects(): boolean {
    return this.#entries.slice(this.#next).some((entry) => !('queued' in entry && entry.queued))
  }

  /** Whether what the interpreter reports now was recorded before. Call it once for each report. */
  repeats(): boolean {
    if (this.#reports === 0) return false
    this.#reports--
    return true
  }
}
