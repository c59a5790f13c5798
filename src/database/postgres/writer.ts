import { SluseError } from '../../errors.ts'
import type { CommitOptions, Statement } from '../database.ts'
import { isBroken, isConflict, storeError } from './faults.ts'
import { Link, type LinkOptions } from './link.ts'

export interface WriterOptions extends LinkOptions {
  /** Milliseconds for which what is not sent yet waits for a database that is away. */
  readonly patience: number
  /** Milliseconds after which a transaction of which nothing is heard has lost its connection. Default: any time. */
  silence?: number
  readonly log: (level: 'info' | 'warn' | 'error', message: string, data?: { [key: string]: string }) => void
}

interface Waiting {
  readonly statements: readonly Statement[]
  readonly quiet: boolean
  resolve(): void
  reject(error: unknown): void
}

const mostTries = 5
const longestPause = 1000
/** For what is under way when it is to close. */
const closingMs = 5000

/**
 * Makes transactions one after the other, in the order in which they are given, over connections that may break. Each
 * is made once: where a connection breaks before the answer, the next one finds out whether it was made. Until that is
 * known its caller waits, and gets no answer that might be wrong.
 */
export class Writer {
  readonly #options: WriterOptions
  readonly #waiting: Waiting[] = []
  #working: Promise<void> | undefined
  #link: Link | undefined
  #connecting: Promise<Link> | undefined
  /** The connection before the next one. */
  #before: string | undefined
  #awaySince: number | undefined
  #losingPatience: NodeJS.Timeout | undefined
  /** Why nothing can be written any more. */
  #over: SluseError | undefined

  constructor(options: WriterOptions) {
    this.#options = options
  }

  /** Throws where it cannot be opened now. */
  async open(): Promise<void> {
    try {
      this.#link = await Link.open(this.#options)
    } catch (error) {
      throw storeError(error)
    }
  }

  /** Whether the connection is broken, and not there again. */
  get away(): boolean {
    return this.#link?.broken ?? true
  }

  commit(statements: readonly Statement[], { quiet = false }: CommitOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#left() <= 0) return reject(new SluseError('SLUSE-STORE-UNREACHABLE'))
      this.#waiting.push({ statements, quiet, resolve, reject })
      this.#working ??= this.#work()
    })
  }

  /** Makes what was given, as far as the database is there. */
  async close(): Promise<void> {
    const giveUp = () => (this.#over ??= new SluseError('SLUSE-STORE-UNREACHABLE', '(It is closed.)'))
    const timer = setTimeout(giveUp, closingMs)
    await this.#working
    clearTimeout(timer)
    clearTimeout(this.#losingPatience)
    giveUp()
    await this.#link?.close()
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      try {
        await this.#make(next)
        next.resolve()
      } catch (error) {
        next.reject(storeError(error))
      }
    }
    this.#working = undefined
  }

  async #make({ statements, quiet }: Waiting): Promise<void> {
    const since = Date.now()
    for (let tries = 1; ; tries++) {
      const link = await this.#connected()
      try {
        return await link.transact(statements, { quiet, silence: this.#options.silence })
      } catch (error) {
        if (isConflict(error) && tries < mostTries) continue
        if (!link.broken && !isBroken(error)) throw error
        if (await this.#foundOut(link)) return
        // It was not made, for certain; a server that dies of it again and again is not asked for ever.
        if (Date.now() - since > this.#options.patience) throw error
      }
    }
  }

  /** Whether the last transaction of a connection that broke was made; when that is known it is certain. */
  async #foundOut(broken: Link): Promise<boolean> {
    for (;;) {
      this.#lost(broken)
      const link = await this.#reconnected().catch((error: unknown) => {
        throw unknown(error)
      })
      try {
        return await link.wasWritten(broken.id, broken.number)
      } catch (error) {
        if (!link.broken && !isBroken(error)) throw unknown(error)
        this.#lost(link)
      }
    }
  }

  /** A connection to send over, within the patience that there is. */
  async #connected(): Promise<Link> {
    if (this.#over) throw this.#over
    if (this.#link?.broken) this.#lost(this.#link)
    if (this.#link) return this.#link
    let timer: NodeJS.Timeout | undefined
    const away = new Promise<never>((_, reject) => {
      const error = new SluseError('SLUSE-STORE-UNREACHABLE')
      timer = setTimeout(() => reject(error), this.#left())
    })
    return Promise.race([this.#reconnected(), away]).finally(() => clearTimeout(timer))
  }

  #reconnected(): Promise<Link> {
    if (this.#link) return Promise.resolve(this.#link)
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined))
    // Whoever lost patience is not told again.
    this.#connecting.catch(() => {})
    return this.#connecting
  }

  async #connect(): Promise<Link> {
    for (let pause = 50; ; pause = Math.min(pause * 2, longestPause)) {
      if (this.#over) throw this.#over
      try {
        const link = await Link.open(this.#options, this.#before)
        if (this.#over) link.destroy()
        else {
          this.#link = link
          this.#awaySince = undefined
          clearTimeout(this.#losingPatience)
          this.#options.log('info', 'The database is there again.')
          return link
        }
      } catch (error) {
        if (error instanceof SluseError && error.code === 'SLUSE-STORE-LOCKED') {
          this.#options.log('error', 'Another process has taken the database: this one can write no more.')
          throw (this.#over = error)
        }
      }
      await new Promise((done) => setTimeout(done, pause))
    }
  }

  /** Milliseconds of patience. */
  #left(): number {
    const since = this.#awaySince
    return since === undefined ? this.#options.patience : since + this.#options.patience - Date.now()
  }

  /** None of them was sent: each may be given again. */
  #refuseWaiting(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new SluseError('SLUSE-STORE-UNREACHABLE'))
  }

  #lost(link: Link): void {
    link.destroy()
    if (this.#link !== link) return
    this.#link = undefined
    this.#before = link.id
    this.#awaySince ??= Date.now()
    this.#losingPatience = setTimeout(() => this.#refuseWaiting(), this.#left())
    this.#options.log('warn', 'The connection to the database broke; trying to get it back.')
  }
}

function unknown(cause: unknown): SluseError {
  return new SluseError('SLUSE-STORE-UNKNOWN', `(${String((cause as Error).message)})`, { cause })
}
