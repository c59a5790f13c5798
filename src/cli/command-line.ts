import { Command, CommanderError } from 'commander'
import { packageVersion } from '../config/index.ts'
import { approvalsVerb } from './approvals.ts'
import { auditVerb } from './audit.ts'
import { backupVerb } from './backup.ts'
import { migrateVerb } from './migrate.ts'
import { connectionsVerb } from './connections.ts'
import { datasetsVerb } from './datasets.ts'
import { deadLettersVerb } from './dead-letters.ts'
import { devVerb } from './dev.ts'
import { doctorVerb } from './doctor.ts'
import { exitCodes, report } from './failure.ts'
import { functionsVerb } from './functions/index.ts'
import { graphVerb } from './graph.ts'
import { initVerb } from './init.ts'
import { keysVerb } from './keys.ts'
import { pipelinesVerb } from './pipelines.ts'
import { runVerb } from './run.ts'
import { runsVerb } from './runs.ts'
import { serveVerb } from './serve.ts'
import { openTerminal } from './terminal.ts'
import { processesVerb } from './processes.ts'
import { targetsVerb } from './targets.ts'
import { testVerb } from './test.ts'
import { transfersVerb } from './transfers.ts'
import { validateVerb } from './validate.ts'
import { SluseError } from '../errors.ts'

/** The whole command line, from which help and the reference page come. `done` is told the exit code of a verb. */
export function createProgram(done: (code: number) => void): Command {
  const program = new Command('sluse')
    .description('Receive or fetch data, have people approve it, deliver it: durable data pipelines.')
    .version(packageVersion(), '-v, --version', 'Print the version.')
    .helpOption('-h, --help', 'Print help.')
    .helpCommand('help [command]', 'Print the help of a command.')
    .addHelpText('after', `\nExit codes: 0 done, 1 faulted, 2 bad definition or usage, 130 interrupted.`)
  const verbs = [
    initVerb,
    devVerb,
    serveVerb,
    runVerb,
    validateVerb,
    testVerb,
    functionsVerb,
    graphVerb,
    pipelinesVerb,
    runsVerb,
    approvalsVerb,
    transfersVerb,
    datasetsVerb,
    deadLettersVerb,
    connectionsVerb,
    keysVerb,
    auditVerb,
    targetsVerb,
    processesVerb,
    backupVerb,
    migrateVerb,
    doctorVerb,
  ]
  for (const verb of verbs) program.addCommand(verb(done))
  return program
}

/** Carries out a command line and gives its exit code. Never throws. */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  let code: number = exitCodes.done
  const program = createProgram((given) => {
    code = given
  })
  overrideExit(program)
  const json = /(?:^|\s)--output[= ]json(?:\s|$)/.test(words.join(' '))
  try {
    if (words.length === 0) {
      program.outputHelp({ error: true })
      return exitCodes.usage
    }
    await program.parseAsync([...words], { from: 'user' })
    return code
  } catch (error) {
    const terminal = openTerminal(json)
    if (!(error instanceof CommanderError)) return report(error, terminal)
    if (error.exitCode === 0) return exitCodes.done
    // Commander has told people already.
    if (json) report(new SluseError('SLUSE-USAGE', error.message.replace(/^error: /, '')), terminal)
    return exitCodes.usage
  }
}

function overrideExit(command: Command): void {
  command.exitOverride()
  for (const each of command.commands) overrideExit(each)
}
