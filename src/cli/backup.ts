import { Option } from 'commander'
import { SluseError } from '../errors.ts'
import { exitCodes } from './failure.ts'
import { verb } from './verb.ts'

export const backupVerb = verb({
  name: 'backup',
  arguments: [['<folder>', 'Where to; it must not exist yet.']],
  about:
    'Copy the data folder as it is at one moment, also while the server runs. To restore, start on the copy.',
  settings: ['project'],
  options: [
    new Option(
      '--without-keys',
      'Leave out the keys of datasets, to keep them apart: without them no record can be read.',
    ),
  ],
  run: async ({ settings, words, options, terminal }) => {
    if (settings.databaseUrl !== undefined) throw new SluseError('SLUSE-BACKUP', elsewhere)
    const { backUp } = await import('../app.ts')
    const backup = await backUp({
      data: settings.data,
      target: String(words[0]),
      withoutKeys: options.withoutKeys === true,
    })
    if (terminal.json) terminal.data(backup)
    else terminal.line(`${backup.folder}  as of ${backup.at}, ${backup.files} files, ${backup.bytes} bytes`)
    return exitCodes.done
  },
})

const elsewhere =
  'Records are on PostgreSQL: take its own backup (pg_dump, or a base backup), and then copy the data folder, if datasets are in it.'
