import {
  allHandlersFinished,
  CancellationScope,
  condition,
  defineSignal,
  defineUpdate,
  getExternalWorkflowHandle,
  makeContinueAsNewFunc,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow'
import { LiveRun, type Control } from '../../run/live-run.ts'
import { sealerOf } from '../../run/seal.ts'
import { startOf } from '../../records/start-of.ts'
import { names, type Command, type CommandResult, type Ended, type Loaded } from '../protocol.ts'
import { hasEnded, Orders } from './orders.ts'
import { records } from './records.ts'
import { drive, rest } from './rest.ts'
import { SandboxHost } from './sandbox-host.ts'
import { ShownStatus } from './status.ts'

const look = defineSignal(names.look)
const pass = defineSignal<[string]>(names.pass)
const ended = defineSignal<[string]>(names.ended)
const cancel = defineSignal(names.cancel)
const command = defineSignal<[Command]>(names.command)
const answer = defineUpdate<CommandResult, [string]>(names.answer)

/**
 * Carries out one run from what is recorded of it: the same run in memory as in the embedded engine, on a host of
 * Temporal's primitives. Where the history grows long it begins anew, from the records again; `cancelled` where it was told
 * before that to cancel it.
 */
export async function run(number: number, cancelled = false): Promise<void> {
  const waiting: ((live: LiveRun, host: SandboxHost) => void)[] = []
  let begun: { live: LiveRun; host: SandboxHost } | undefined
  let gone = false
  /** It begins anew from the records. */
  let again = false
  let isCancelled = cancelled
  const use = (then: (live: LiveRun, host: SandboxHost) => void) => {
    if (begun) then(begun.live, begun.host)
    else waiting.push(then)
  }
  setHandler(look, () => use((live) => live.probe()))
  setHandler(pass, (key) =>
    use((live) => {
      // Its row must go: it is not one of those any more that wait.
      if (live.pass(key)()) live.also({ sql: goneOn, parameters: [number, key] })
    }),
  )
  setHandler(ended, (child) => use((_, host) => host.children.ended(child)))
  const carryOut = (control: Control) =>
    use((live, host) => {
      live.command(control)
      host.interrupt()
    })
  setHandler(cancel, () => {
    isCancelled = true
    carryOut(ordered)
  })
  const orders = new Orders()
  setHandler(command, (given) => {
    const control = orders.take(given)
    if (control) use((_, host) => carryOut(control(host)))
  })
  setHandler(answer, async (id) => (await orders.answer(id, () => gone)) ?? (again ? { again } : hasEnded))

  await CancellationScope.nonCancellable(async () => {
    if (cancelled) carryOut(ordered)
    // What came with the first task is known then.
    await rest()
    const out = await records.setOut(number, waiting.length === 0)
    if (out.is === 'loaded') {
      begun = inMemory(out.loaded)
      const { live, host } = begun
      for (const then of waiting.splice(0)) then(live, host)
      await drive(live, host.turns, () => host.after())
      again = !host.ended
      if (host.ended) await host.settled()
    } else {
      again = out.is === 'lost'
      if (out.is === 'over') await tellOf(out.ended)
    }
    gone = true
    // Whoever waits for an answer has it.
    await condition(allHandlersFinished)
    if (again) await beginAnew(number, isCancelled)
  })
}

function inMemory(loaded: Loaded): { live: LiveRun; host: SandboxHost } {
  const { row, items, secrets } = loaded
  const host = new SandboxHost(loaded)
  const sealer = sealerOf(row.seal, secrets)
  const live = new LiveRun(host, { row, start: startOf(row, loaded, items, secrets), sealer, items })
  host.carries(live)
  return { live, host }
}

/** Of a run that was over before it came here. */
async function tellOf({ status, searchable, parent }: Ended): Promise<void> {
  const shown = new ShownStatus(searchable, status)
  shown.show()
  if (parent === undefined) return
  // Where there is none any more nobody waits.
  await getExternalWorkflowHandle(parent)
    .signal(names.ended, workflowInfo().workflowId)
    .catch(() => {})
}

const goneOn = "DELETE FROM waits WHERE run = ? AND key = ? AND kind = 'gate'"

/** Ordered by a run above, not by people: nobody is told. */
const ordered = { kind: 'cancel', durable: () => {}, refused: () => {} } as const

/** From the records: so it need not stay with the build that it was on. */
const beginAnew = makeContinueAsNewFunc<typeof run>({ initialVersioningBehavior: 'AUTO_UPGRADE' })
