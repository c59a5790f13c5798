/** `run: shell` with the protocol `ndjson`: a command that goes on, one line of JSON in, one line of JSON out. */
import { fault, isObject, type JsonObject } from '../../../workflow/index.ts'
import { declaredOf, linesRunner } from '../lines/index.ts'
import type { RunnerKind } from '../runner.ts'

export const processKind: RunnerKind = {
  name: 'process',
  words: 'run: shell',
  protocols: ['ndjson'],
  fits: (definition) => shellOf(definition) !== undefined,
  check({ name, definition, home }) {
    const shell = shellOf(definition) ?? {}
    if (typeof shell['command'] !== 'string')
      throw fault('configuration', `The function ${name} has no command.`)
    if (shell['stdin'] !== undefined) {
      throw fault('configuration', `The function ${name} has \`stdin\`, but its input is the records.`)
    }
    if (home === undefined) {
      throw fault(
        'configuration',
        `The function ${name} is a command, and its files are not on this machine.`,
      )
    }
  },
  open: (host) =>
    linesRunner(host, ({ name, definition }, secrets) => {
      const shell = shellOf(definition) ?? {}
      const declared = declaredOf(shell, secrets, name)
      return {
        command: '/bin/sh',
        arguments: ['-c', String(shell['command']), 'sh', ...declared.arguments],
        environment: declared.environment,
      }
    }),
}

function shellOf({ run }: JsonObject): JsonObject | undefined {
  return isObject(run) && isObject(run['shell']) ? run['shell'] : undefined
}
