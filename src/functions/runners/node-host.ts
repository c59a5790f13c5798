import { fileOf, megabytesWithin, scriptOf } from './files.ts'
import { declaredOf, linesRunner } from './lines/index.ts'
import type { Runner, RunnerHost } from './runner.ts'

/** Runs the function's file by a program of ours, `host`, in a process of Node's that is the function's own. */
export function runByNode(host: string): (runnerHost: RunnerHost) => Runner {
  return (runnerHost) =>
    linesRunner(runnerHost, (contract, secrets) => {
      const declared = declaredOf(scriptOf(contract.definition), secrets, contract.name)
      return {
        command: process.execPath,
        arguments: [
          '--no-warnings',
          host,
          fileOf(contract),
          megabytesWithin(contract),
          ...declared.arguments,
        ],
        environment: declared.environment,
      }
    })
}
