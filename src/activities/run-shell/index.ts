/** `shell`: a command for `/bin/sh` (dsl-reference.md, "Shell Process"). */
import { maskFor } from '../../http/index.ts'
import type { ActivityFactory } from '../activity.ts'
import { objectInput, textOf } from '../input.ts'
import { readProcess, returned, runProcess } from '../../processes/index.ts'

export const runShell: ActivityFactory = ({ processes = {} }) => ({
  name: 'shell',
  async run(given, context) {
    const input = objectInput(given, 'shell')
    const command = textOf(input, 'command')
    const process = readProcess(input)
    const name = 'The command'
    const result = await runProcess(
      {
        name,
        command: '/bin/sh',
        // Data reaches the command as $1, $2, … and is never part of its text.
        prepare: () => ['-c', command, 'sh', ...process.arguments],
        environment: { SLUSE_IDEMPOTENCY_KEY: context.idempotencyKey, ...process.environment },
        stdin: process.stdin,
        keep: process.keep,
        settings: processes,
      },
      context.signal,
    )
    return returned(result, process.returns, name, maskFor(context.secrets))
  },
})
