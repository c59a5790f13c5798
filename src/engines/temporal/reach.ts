import type { Connection } from '@temporalio/client'
import type { Cluster } from './cluster.ts'
import { grpc, grpcCodeOf } from './grpc.ts'

const lookEvery = 1000
/** One question may meet a server that is being moved. */
const mostMissed = 2
/** Longer than either takes to answer when it has much to do. */
const patience = 10_000
/** While it is away. */
const tellEvery = 600_000

export interface ReachOptions {
  readonly core: Pick<Cluster, 'database' | 'member' | 'log'>
  /** Asks once, and does not try again by itself. */
  readonly connection: Connection
  readonly namespace: string
  /** Why Temporal was not there at the first look, if it was not. */
  readonly away?: string | undefined
  /** Finds out why it is not there; `undefined` where that is not to be seen. */
  readonly why: () => Promise<string | undefined>
  /** It is there, and was not before. */
  readonly found: () => void
}

/**
 * Whether what this process cannot do without is there: the database, which takes its signs of life, and Temporal. That is
 * asked for a workflow that nobody has ever started, which it looks for where it keeps them.
 */
export class Reach {
  readonly #options: ReachOptions
  #missed = 0
  #why: string | undefined
  #since = Date.now()
  #toldAt = 0
  #looking = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: ReachOptions) {
    this.#options = options
    if (options.away === undefined) return
    this.#missed = mostMissed
    this.#why = options.away
    this.#tell('Temporal is not there yet: runs stand still until it is.')
  }

  get temporal(): boolean {
    return this.#missed < mostMissed
  }

  /** Why Temporal is not there, as far as that is known. */
  get why(): string | undefined {
    return this.temporal ? undefined : this.#why
  }

  get database(): boolean {
    const { database, member } = this.#options.core
    return member.heard && !(database.away?.() ?? false)
  }

  open(): void {
    this.#timer = setInterval(() => void this.#look(), lookEvery).unref()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#options.connection.close()
  }

  async #look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    await this.#lookForTemporal()
    this.#looking = false
  }

  async #lookForTemporal(): Promise<void> {
    const { core, connection, namespace, why, found } = this.#options
    const asked = { namespace, execution: { workflowId: 'sluse:nobody' } }
    const answered = connection.withDeadline(Date.now() + patience, () =>
      connection.workflowService.describeWorkflowExecution(asked),
    )
    const there = await inTime(
      answered.catch((error: unknown) => {
        if (grpcCodeOf(error) !== grpc.notFound || isOfNamespace(error)) throw error
      }),
    )
    const before = this.temporal
    this.#missed = there ? 0 : this.#missed + 1
    if (there && !before) {
      core.log('info', 'Temporal is there.', { awayFor: seconds(Date.now() - this.#since) })
      found()
    }
    if (this.temporal) return
    if (before) this.#since = Date.now()
    if (before || Date.now() - this.#toldAt > tellEvery) {
      this.#why = await why()
      this.#tell('Temporal does not answer: runs stand still.')
    }
  }

  /** Once, and then seldom: a night is long. */
  #tell(message: string): void {
    this.#toldAt = Date.now()
    const since = new Date(this.#since).toISOString()
    this.#options.core.log('warn', message, { why: this.#why ?? 'unknown', since })
  }
}

/** That there is no such namespace, and not that there is no such workflow. */
function isOfNamespace(error: unknown): boolean {
  return /namespace .*not found/i.test((error as Error).message)
}

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`

function inTime(asked: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), patience)
  })
  const answered = asked.then(
    () => true,
    () => false,
  )
  return Promise.race([answered, late]).finally(() => clearTimeout(timer))
}
