import { SluseError } from '../errors.ts'

export interface AttemptRules {
  /** So many may fail within a `window` before it slows down. */
  readonly free: number
  /** Milliseconds after which what failed is forgotten. */
  readonly window: number
  /** The longest pause, in milliseconds: they double from one second. */
  readonly longestPause: number
}

interface Tries {
  failed: number
  /** When the last one failed, and until when no more are looked at: milliseconds since 1970. */
  at: number
  until: number
}

/** Whoever asks from more places than this is not told apart any more: the longest quiet are forgotten. */
const mostRemembered = 10_000
const firstPause = 1000

/**
 * Slows down whoever keeps failing to get in: after the free attempts each one that fails doubles the pause. In memory
 * alone, and bounded: what it guards has far too much chance in it to be guessed, so this is against floods.
 */
export class Attempts {
  readonly #rules: AttemptRules
  readonly #now: () => number
  /** The one that failed last is the last. */
  readonly #tries = new Map<string, Tries>()

  constructor(rules: AttemptRules, now: () => number) {
    this.#rules = rules
    this.#now = now
  }

  /** Throws `SLUSE-ATTEMPTS`, with the seconds to wait as its `data`. */
  check(who: string): void {
    const left = (this.#tries.get(who)?.until ?? 0) - this.#now()
    if (left > 0) throw tooMany(left)
  }

  /** One has failed. Gives how many have, where that begins a pause. */
  failed(who: string): number | undefined {
    const { free, window, longestPause } = this.#rules
    const now = this.#now()
    const known = this.#tries.get(who)
    const failed = known && known.at + window > now ? known.failed + 1 : 1
    const over = failed - free
    const pause = over < 0 ? 0 : Math.min(firstPause * 2 ** Math.min(over, 30), longestPause)
    this.#tries.delete(who)
    this.#tries.set(who, { failed, at: now, until: now + pause })
    for (const [oldest] of this.#tries) {
      if (this.#tries.size <= mostRemembered) break
      this.#tries.delete(oldest)
    }
    return pause > 0 ? failed : undefined
  }

  get size(): number {
    return this.#tries.size
  }
}

function tooMany(ms: number): SluseError {
  const seconds = Math.ceil(ms / 1000)
  return new SluseError('SLUSE-ATTEMPTS', `Try again in ${seconds} s.`, { data: seconds })
}

/** An address as it counts: of IPv6 the network that one subscriber has (/64). */
export function networkOf(address = ''): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? []
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const parts = (text = '') => (text === '' ? [] : text.split(':'))
  const missing = tail === undefined ? 0 : 8 - parts(head).length - parts(tail).length
  const whole = [...parts(head), ...Array<string>(Math.max(missing, 0)).fill('0'), ...parts(tail)]
  return whole
    .slice(0, 4)
    .map((part) => Number.parseInt(part, 16).toString(16))
    .join(':')
}
