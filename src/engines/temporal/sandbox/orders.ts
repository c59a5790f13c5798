import { condition } from '@temporalio/workflow'
import type { Control } from '../../run/live-run.ts'
import type { Command, CommandResult } from '../protocol.ts'
import type { SandboxHost } from './sandbox-host.ts'

export const hasEnded: CommandResult = { code: 'SLUSE-RUN-ENDED', detail: '' }

/** What people have ordered of the run: each command is carried out once, and answered to whoever asks how it went. */
export class Orders {
  /** By the ids of the commands. */
  readonly #all = new Map<string, { result?: CommandResult }>()

  /** What the run is to do, on its host; `undefined` where it was told before. */
  take({ id, kind, record }: Command): ((host: SandboxHost) => Control) | undefined {
    if (this.#all.has(id)) return undefined
    const order: { result?: CommandResult } = {}
    this.#all.set(id, order)
    return (host) => {
      const answered = host.awaited()
      return {
        kind,
        record,
        durable: () => {
          answered()
          // Where it had ended before, this is in the records only if it was written before that, too.
          order.result = host.over ? hasEnded : { done: true }
        },
        refused: (error) => {
          answered()
          const { code = 'SLUSE-RUN-STATE', message = '' } = error as { code?: string; message?: string }
          order.result = { code, detail: message }
        },
      }
    }
  }

  /** How it went; `undefined` where it was `gone` before that was known. */
  async answer(id: string, gone: () => boolean): Promise<CommandResult | undefined> {
    const order = this.#all.get(id)
    // It was told before this workflow began.
    if (!order) return { again: true }
    await condition(() => order.result !== undefined || gone())
    return order.result
  }
}
