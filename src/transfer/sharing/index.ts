import type { FunctionContext } from '../../functions/index.ts'
import type { Member } from '../../members/index.ts'
import { Postponed, problemOf, type Json, type JsonObject } from '../../workflow/index.ts'
import type { Means } from '../carry-out.ts'
import type { TransferRow } from '../store/rows.ts'
import { Board, type View } from './board.ts'
import { Helper } from './helper.ts'
import { openDeliveryWork } from './delivery-work.ts'
import { Holds } from './holds.ts'
import { targetOf } from './job-rows.ts'
import { lead, leadAs, type LeadOptions } from './lead.ts'
import { openStepWork } from './step-work.ts'
import { Stages } from './stages.ts'
import { Taker } from './taker.ts'

/** How a process carries transfers out together with others on the same database. */
export interface SharingOptions {
  /** Whether it takes jobs; else it creates transfers, and shows them. */
  readonly takes: boolean
  /** Most that it reads at a time, most that it delivers, and most parts that it does for others. Default: 16. */
  readonly jobs?: number
  /** This process. Whoever made it has it leave, afterwards. */
  readonly member: Member
  /** The secrets that the steps of a run's transfers may see. Default: none. */
  readonly secrets?: (run: string) => Promise<{ readonly [name: string]: Json }>
  /** How long one that has died holds up the others, in milliseconds. Default: 10 s. */
  readonly heldFor?: number
  /** How long a job is left to a process that has one fewer of them, in milliseconds. Default: 150. */
  readonly courtesy?: number
  /** About how long it should take to deliver a part of what is delivered by several, in milliseconds. Default: 1000. */
  readonly partMs?: number
  /** Batches whose functions take less than this here, in milliseconds each, are not offered to others. Default: 20. */
  readonly worthMs?: number
}

/** What one process has of it. */
export interface Sharing {
  /** Carries a transfer out as `carryOut` does, with all that take jobs. `begin` makes it where it is not there yet. */
  carryOut(id: string, signal: AbortSignal, begin: () => Promise<void>): Promise<JsonObject>
  /** Takes jobs, and replays, from here on. */
  start(): void
  /** What is under way here is given back at once, where it stands. */
  close(): Promise<void>
}

/** How many replays a process leads at a time. */
const mostReplays = 20

export function openSharing(
  means: Means,
  options: SharingOptions,
  left: (transfer: string) => void,
): Sharing {
  const {
    takes,
    member,
    jobs: most = 16,
    heldFor = 10_000,
    courtesy = 150,
    partMs = 1000,
    worthMs = 20,
    secrets = async () => ({}),
  } = options
  const { database } = means.store
  const { now, log } = means
  const { id: process, name } = member.identity
  const board = new Board(database, member)
  const holds = new Holds({ database, now, process: name, heldFor })
  const stages = new Stages(means)
  const context = async ({ id, kind, run, task }: TransferRow): Promise<Omit<FunctionContext, 'signal'>> =>
    kind === 'replay'
      ? { runId: `replay:${id}`, key: 'replay', secrets: {} }
      : { runId: run ?? id, key: task ?? '', secrets: run === undefined ? {} : await secrets(run) }
  const taker = new Taker({
    ...{ means, holds, board, stages, process, most, context, left },
    ...{ courtesyMs: courtesy, partMs, worthMs },
  })
  const helper = new Helper({
    ...{ database, holds, board, process, most, now, log },
    work: ({ transfer, job }) => {
      const target = targetOf(job)
      return target === undefined
        ? openStepWork(transfer, means, context)
        : openDeliveryWork(transfer, target, { means, stages })
    },
  })
  const closing = new AbortController()
  const leading: LeadOptions = { means, holds, board, taker, closing: closing.signal }
  const replays = new Map<string, Promise<void>>()

  const replay = async (id: string): Promise<void> => {
    try {
      const held = await holds.take({ transfer: id, job: 'lead' })
      if (held) await leadAs(held, leading, closing.signal)
    } catch (error) {
      // What is its own it says itself, and what is put off is taken up again.
      const expected = problemOf(error) || error instanceof Postponed || closing.signal.aborted
      if (!expected) log('error', 'A replay failed; it is tried again.', { transfer: id, why: String(error) })
    }
  }
  const takeReplays = ({ replays: open, jobs }: View): void => {
    for (const id of open) {
      if (closing.signal.aborted || replays.size >= mostReplays || replays.has(id)) continue
      const led = jobs.find(({ transfer, job }) => transfer === id && job === 'lead')
      if (led && (led.until > now() || led.due > now())) continue
      replays.set(
        id,
        replay(id).finally(() => replays.delete(id)),
      )
    }
  }

  return {
    carryOut: (id, signal, begin) => lead(id, leading, signal, begin),
    start() {
      if (!takes) return
      board.onLook(() => stages.look())
      board.onLook(takeReplays)
      taker.start()
      helper.start()
      // Where the others cannot be told now, the next sign of life does.
      void member.can({ takesTransfers: true }).catch(() => {})
      board.poke()
    },
    async close() {
      closing.abort(new Error('The server is stopping.'))
      if (takes) await member.can({ takesTransfers: false }).catch(() => {})
      await Promise.all([taker.close(), helper.close()])
      await Promise.all(replays.values())
      await board.close()
      holds.close()
    },
  }
}
