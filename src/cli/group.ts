import { Command } from 'commander'

/** A verb that is a word before others: `sluse transfers list`. */
export function group(
  name: string,
  about: string,
  verbs: readonly ((done: (code: number) => void) => Command)[],
): (done: (code: number) => void) => Command {
  return (done) => {
    const command = new Command(name)
      .description(about)
      .helpOption('-h, --help', 'Print help.')
      .helpCommand(false)
    for (const each of verbs) command.addCommand(each(done))
    return command
  }
}
