import type { Connection } from '@temporalio/client'
import type { Cluster } from './cluster.ts'
import { grpc, grpcCodeOf } from './grpc.ts'

const lookEvery = 1000
/** One question may meet a server that is being moved. */
const mostMissed = 2
/** Longer than either takes to answer when it has much to do. */
const patience = 10_000

/**
 * Whether what this process cannot do without is there, found out by asking: the database for a commit, Temporal for a
 * workflow that nobody has ever started, which it looks for where it keeps them.
 */
export class Reach {
  readonly #core: Cluster
  readonly #connection: Connection
  readonly #namespace: string
  #missed = 0
  #database = true
  #looking = false
  #timer: NodeJS.Timeout | undefined

  /** `connection` asks once, and does not try again by itself. */
  constructor(core: Cluster, connection: Connection, namespace: string) {
    this.#core = core
    this.#connection = connection
    this.#namespace = namespace
  }

  get temporal(): boolean {
    return this.#missed < mostMissed
  }

  get database(): boolean {
    return this.#database && !(this.#core.database.away?.() ?? false)
  }

  open(): void {
    this.#timer = setInterval(() => void this.#look(), lookEvery).unref()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#connection.close()
  }

  async #look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    await Promise.all([this.#lookAtDatabase(), this.#lookForTemporal()])
    this.#looking = false
  }

  async #lookAtDatabase(): Promise<void> {
    const { database } = this.#core
    const nothing = { sql: "DELETE FROM leases WHERE name = ''", parameters: [] }
    this.#database = await inTime(database.commit([nothing], { quiet: true }))
  }

  async #lookForTemporal(): Promise<void> {
    const { log } = this.#core
    const connection = this.#connection
    const asked = { namespace: this.#namespace, execution: { workflowId: 'sluse:nobody' } }
    const answered = connection.withDeadline(Date.now() + patience, () =>
      connection.workflowService.describeWorkflowExecution(asked),
    )
    const there = await inTime(
      answered.catch((error: unknown) => {
        if (grpcCodeOf(error) !== grpc.notFound) throw error
      }),
    )
    if (there && !this.temporal) log('info', 'Temporal is there again.')
    this.#missed = there ? 0 : this.#missed + 1
    if (this.#missed === mostMissed) log('warn', 'Temporal does not answer: runs stand still.')
  }
}

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
