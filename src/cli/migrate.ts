import { Option } from 'commander'
import { SluseError } from '../errors.ts'
import { exitCodes } from './failure.ts'
import type { Settings } from '../config/index.ts'
import type { Terminal } from './terminal.ts'
import { verb } from './verb.ts'

export const migrateVerb = verb({
  name: 'migrate',
  arguments: [['[project]', "The project's folder."]],
  about:
    'Move the records of the data folder to the empty PostgreSQL database of SLUSE_DATABASE_URL, while no server runs. Runs under way go on there; datasets and their keys stay where they are. With `--datasets-from`: move those instead.',
  settings: ['project'],
  projectFirst: true,
  options: [
    new Option(
      '--datasets-from <place>',
      'Move the datasets and their keys from `folder`, or from a bucket (`s3://bucket/prefix`), to where SLUSE_DATASETS says; ask again to go on with what was interrupted.',
    ),
  ],
  run: async ({ settings, terminal, options }) => {
    if (options.datasetsFrom !== undefined) {
      return datasets(String(options.datasetsFrom), settings, terminal)
    }
    const { data: folder, databaseUrl: url } = settings
    if (url === undefined) throw new SluseError('SLUSE-USAGE', 'Say where to: set SLUSE_DATABASE_URL.')
    const [{ moveToPostgres }, { verifyAudit }] = await Promise.all([
      import('../database/index.ts'),
      import('../history/index.ts'),
    ])
    let entries = 0
    let told = 0
    const moved = await moveToPostgres({
      folder,
      url,
      progress: (rows, of) => {
        const tenth = Math.floor((rows * 10) / of)
        if (tenth > told) terminal.note(`${tenth * 10} %: ${rows} of ${of} rows`)
        told = tenth
      },
      check: async (here, before) => {
        const found = await verifyAudit(here)
        if (JSON.stringify(found) !== JSON.stringify(await verifyAudit(before)))
          throw new SluseError('SLUSE-MIGRATE', 'The audit log did not come over as it was.')
        entries = found.entries
        for (const { number, what } of found.faults)
          terminal.note(terminal.paint('yellow', `It was so before, too. Audit entry ${number}: ${what}`))
      },
    })
    if (terminal.json) terminal.data({ ...moved, auditEntries: entries })
    else {
      terminal.line(`${moved.rows} rows were moved, and counted again where they are now.`)
      terminal.line(`The old file stays as ${moved.kept}: keep it until you are sure.`)
      terminal.line('Start the server with the same SLUSE_DATA and SLUSE_DATABASE_URL.')
    }
    return exitCodes.done
  },
})

async function datasets(from: string, settings: Settings, terminal: Terminal): Promise<number> {
  if (from !== 'folder' && !from.startsWith('s3://')) {
    throw new SluseError('SLUSE-USAGE', '--datasets-from is `folder`, or a bucket: `s3://bucket/prefix`.')
  }
  const { moveDatasets } = await import('../app.ts')
  const moved = await moveDatasets({
    settings,
    from,
    environment: process.env,
    progress: (dataset) => terminal.note(`moved ${dataset}`),
  })
  if (terminal.json) terminal.data(moved)
  else {
    terminal.line(
      `${moved.datasets} datasets (${moved.bytes} bytes) were moved to ${moved.to}, with their keys.`,
    )
    for (const lost of moved.lost)
      terminal.line(
        terminal.paint('yellow', `${lost} has no key anywhere: nobody can read it, and it stays.`),
      )
  }
  return exitCodes.done
}
