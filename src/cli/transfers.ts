import { Option } from 'commander'
import type { TransferDetail, TransferPage, TransferSummary } from '../transfer/index.ts'
import { callServer } from './call-server.ts'
import { exitCodes } from './failure.ts'
import { group } from './group.ts'
import { table } from './table.ts'
import { plain, type Style, type Terminal } from './terminal.ts'
import { openDrawing, progressLines } from './transfer-progress.ts'
import { verb, type VerbOptions } from './verb.ts'

const common = { settings: ['client'] } as const satisfies Partial<VerbOptions>

const list = verb({
  ...common,
  name: 'list',
  about: 'List transfers, newest first.',
  options: [
    new Option('--status <status>', 'Only these: reading, delivering, completed, failed, cancelled.'),
    new Option('--run <id>', 'Only those of this run.'),
    new Option('--limit <number>', 'At most so many, 1 to 500.').default('50'),
  ],
  run: async ({ settings, options, terminal }) => {
    const { status, run, limit } = options
    const page = await callServer<TransferPage>(settings, 'GET', '/api/v1/transfers', {
      query: { status, run, limit },
    })
    if (terminal.json) terminal.data(page)
    else {
      const rows = page.transfers.map((transfer) => [
        transfer.id,
        painted(transfer.status, terminal),
        plain(transfer.source),
        plain(transfer.targets.join(', ')),
        String(transfer.read),
        transfer.startedAt,
      ])
      terminal.line(table(['TRANSFER', 'STATUS', 'FROM', 'TO', 'READ', 'STARTED'], rows))
      if (page.next !== undefined) terminal.note('There are more: raise --limit, or ask for fewer.')
    }
    return exitCodes.done
  },
})

const show = verb({
  ...common,
  name: 'show',
  about: 'Show one transfer: how far it is, for each target.',
  arguments: [['<id>', 'Its id.']],
  run: async ({ settings, words, terminal }) => {
    const transfer = await callServer<TransferDetail>(settings, 'GET', pathOf(words[0]))
    if (terminal.json) terminal.data(transfer)
    else for (const line of described(transfer, terminal)) terminal.line(line)
    return exitCodes.done
  },
})

const pollMs = 1000

const watch = verb({
  ...common,
  name: 'watch',
  about: 'Watch one transfer until it has ended.',
  arguments: [['<id>', 'Its id.']],
  run: async ({ settings, words, terminal }) => {
    const drawing = openDrawing()
    for (;;) {
      const transfer = await callServer<TransferDetail>(settings, 'GET', pathOf(words[0]))
      drawing.draw(progressLines(transfer, terminal))
      if (transfer.endedAt !== undefined) {
        if (terminal.json) terminal.data(transfer)
        else if (!drawing.isTerminal) for (const line of described(transfer, terminal)) terminal.line(line)
        else terminal.line(painted(transfer.status, terminal))
        return transfer.status === 'completed' ? exitCodes.done : exitCodes.faulted
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
  },
})

/** `sluse transfers …`: speaks to the server's API. */
export const transfersVerb = group('transfers', 'What was moved and what is under way: ask the server.', [
  list,
  show,
  watch,
])

function pathOf(id: unknown): string {
  return `/api/v1/transfers/${encodeURIComponent(String(id))}`
}

function described(transfer: TransferDetail, terminal: Terminal): string[] {
  const { pipeline, error } = transfer
  return [
    `${transfer.id}  ${painted(transfer.status, terminal)}`,
    `${pipeline ? `${pipeline.namespace}/${pipeline.name}, ` : ''}from ${plain(transfer.source)}`,
    `${transfer.dataset}`,
    ...(error ? [terminal.paint('red', plain(error.detail ?? error.title ?? error.type))] : []),
    '',
    ...progressLines(transfer, terminal),
  ]
}

function painted(status: TransferSummary['status'], terminal: Terminal): string {
  const styles: { readonly [S in TransferSummary['status']]: Style } = {
    reading: 'blue',
    delivering: 'blue',
    completed: 'green',
    failed: 'red',
    cancelled: 'yellow',
  }
  return terminal.paint(styles[status], status)
}
