import { createReadStream } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Command, Option } from 'commander'
import { SluseError } from '../errors.ts'
import type { Anchor, AuditPage, AuditRecord, Verification } from '../history/index.ts'
import { callServer, readServer } from './call-server.ts'
import { exitCodes } from './failure.ts'
import { table } from './table.ts'
import { plain } from './terminal.ts'
import { verb, type VerbOptions } from './verb.ts'

/** `sluse audit …`: who did what, and whether the log still says so. */
export function auditVerb(done: (code: number) => void): Command {
  const command = new Command('audit')
    .description('Who did what to what: read the audit log, verify it, export it.')
    .helpOption('-h, --help', 'Print help.')
    .helpCommand(false)
  for (const each of [list, verify, exportLog]) command.addCommand(each(done))
  return command
}

const common = { settings: ['client'] } as const satisfies Partial<VerbOptions>

const list = verb({
  ...common,
  name: 'list',
  about: 'List entries, newest first.',
  options: [
    new Option('--subject <subject>', 'Only what this person or key did.'),
    new Option('--action <action>', 'Only this: runs.start, approvals.decide, …'),
    new Option('--resource <resource>', 'Only to this: run/<id>, approval/<id>, …'),
    new Option('--from <time>', 'Only at or after it, ISO 8601.'),
    new Option('--to <time>', 'Only before it, ISO 8601.'),
    new Option('--limit <number>', 'At most so many, 1 to 500.').default('100'),
  ],
  run: async ({ settings, options, terminal }) => {
    const { subject, action, resource, from, to, limit } = options
    const query = { subject, action, resource, from, to, limit }
    const page = await callServer<AuditPage>(settings, 'GET', '/api/v1/audit', { query })
    if (terminal.json) terminal.data(page)
    else {
      const rows = page.entries.map((entry) => [
        String(entry.number),
        entry.at,
        plain(entry.who.name ?? entry.who.subject),
        entry.action,
        plain(entry.resource),
        entry.outcome,
      ])
      terminal.line(table(['NUMBER', 'AT', 'WHO', 'ACTION', 'RESOURCE', 'OUTCOME'], rows))
    }
    return exitCodes.done
  },
})

const verify = verb({
  ...common,
  name: 'verify',
  about:
    'Compute the chain of the log anew, and name what is not as it was written. Exits 1 where something is.',
  options: [
    new Option(
      '--file <export>',
      'Verify an export (NDJSON, from the first entry on) instead: no server is asked.',
    ),
    new Option(
      '--anchors <file>',
      'Also hold it against anchors that were kept elsewhere, one JSON object a line.',
    ),
  ],
  run: async ({ settings, options, terminal }) => {
    const anchors = typeof options.anchors === 'string' ? await anchorsIn(options.anchors) : []
    const found =
      typeof options.file === 'string'
        ? await verifyFile(options.file, anchors)
        : anchors.length > 0
          ? await verifyLines(readServer(settings, '/api/v1/audit/export'), anchors)
          : await callServer<Verification>(settings, 'GET', '/api/v1/audit/verify')
    if (terminal.json) terminal.data(found)
    else {
      for (const { number, what } of found.faults)
        terminal.line(terminal.paint('red', `entry ${number}: ${what}`))
      const head = found.head ? `, the last is ${found.head.number} ${found.head.hash}` : ''
      if (found.ok)
        terminal.line(terminal.paint('green', `${found.entries} entries are as they were written${head}`))
    }
    return found.ok ? exitCodes.done : exitCodes.faulted
  },
})

const exportLog = verb({
  ...common,
  name: 'export',
  about: 'Write the log to standard output, oldest entry first.',
  options: [
    new Option('--format <format>', 'NDJSON, which can be verified again, or CSV.')
      .choices(['ndjson', 'csv'])
      .default('ndjson'),
    new Option('--from <time>', 'Only entries at or after it, ISO 8601.'),
    new Option('--to <time>', 'Only entries before it, ISO 8601.'),
  ],
  run: async ({ settings, options: { format, from, to } }) => {
    for await (const text of readServer(settings, '/api/v1/audit/export', { format, from, to })) {
      process.stdout.write(text)
    }
    return exitCodes.done
  },
})

async function verifyFile(file: string, anchors: readonly Anchor[]): Promise<Verification> {
  await access(file).catch((error: NodeJS.ErrnoException) => {
    throw new SluseError('SLUSE-USAGE', `${file} cannot be read (${error.code}).`)
  })
  return verifyLines(createReadStream(file, 'utf8') as AsyncIterable<string>, anchors)
}

async function verifyLines(text: AsyncIterable<string>, anchors: readonly Anchor[]): Promise<Verification> {
  const { Readable } = await import('node:stream')
  const { verifyExport } = await import('../history/index.ts')
  const lines = createInterface({ input: Readable.from(text), crlfDelay: Infinity })
  return verifyExport(recordsIn(lines), anchors)
}

async function* recordsIn(lines: AsyncIterable<string>): AsyncIterable<AuditRecord> {
  for await (const line of lines) if (line !== '') yield parsed(line) as AuditRecord
}

async function anchorsIn(file: string): Promise<Anchor[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new SluseError('SLUSE-USAGE', `${file} cannot be read (${error.code}).`)
  })
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [parsed(line) as Anchor]))
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new SluseError('SLUSE-USAGE', `This line is not JSON: ${line.slice(0, 80)}`)
  }
}
