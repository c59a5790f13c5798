import { Command, Option } from 'commander'
import type { RunLogLine, RunLogPage, RunPage, RunSummary, RunWait, Timeline } from '../history/index.ts'
import { callServer } from './call-server.ts'
import { exitCodes } from './failure.ts'
import { readJsonOption } from './json-input.ts'
import { table } from './table.ts'
import { plain, type Style, type Terminal } from './terminal.ts'
import { verb, type Given, type VerbOptions } from './verb.ts'

/** `sluse runs …`: speaks to the server's API. */
export function runsVerb(done: (code: number) => void): Command {
  const command = new Command('runs')
    .description('What ran, what waits, what failed: ask the server, and tell it what to do.')
    .helpOption('-h, --help', 'Print help.')
    .helpCommand(false)
  for (const each of [list, show, logs, action('cancel'), action('suspend'), action('resume'), rerun]) {
    command.addCommand(each(done))
  }
  return command
}

const common = { settings: ['client'] } as const satisfies Partial<VerbOptions>

const list = verb({
  ...common,
  name: 'list',
  about: 'List runs, newest first.',
  options: [
    new Option('--status <list>', 'Only these: running, waiting, faulted, …, with commas between them.'),
    new Option('--pipeline <name>', 'Only of this pipeline: `name` or `namespace/name`.'),
    new Option('--text <text>', 'Only where id, name, label or error contain it.'),
    new Option('--since <time>', 'Only those that started at or after it, ISO 8601.'),
    new Option('--limit <number>', 'At most so many, 1 to 500.').default('50'),
  ],
  run: async ({ settings, options, terminal }) => {
    const [name, namespace] = String(options.pipeline ?? '')
      .split('/')
      .reverse()
    const page = await callServer<RunPage>(settings, 'GET', '/api/v1/runs', {
      query: {
        status: options.status,
        name: name === '' ? undefined : name,
        namespace,
        text: options.text,
        from: options.since,
        limit: options.limit,
      },
    })
    if (terminal.json) terminal.data(page)
    else {
      const rows = page.runs.map((run) => [
        run.id,
        painted(run.status, terminal),
        `${run.definition.namespace}/${run.definition.name}:${run.definition.version}`,
        run.startedAt,
        plain(run.error?.title ?? run.error?.type ?? ''),
      ])
      terminal.line(table(['RUN', 'STATUS', 'PIPELINE', 'STARTED', 'ERROR'], rows))
      if (page.next !== undefined) terminal.note('There are more: raise --limit, or ask for fewer.')
    }
    return exitCodes.done
  },
})

const show = verb({
  ...common,
  name: 'show',
  about: 'Show one run: its tasks in the order in which they started.',
  arguments: [['<id>', 'Its id.']],
  run: async ({ settings, words, terminal }) => {
    const timeline = await callServer<Timeline>(settings, 'GET', `${runPath(words[0])}/timeline`)
    if (terminal.json) terminal.data(timeline)
    else printTimeline(timeline, terminal)
    return exitCodes.done
  },
})

const logs = verb({
  ...common,
  name: 'logs',
  about: 'Print what the functions of a run said, and the engine of the run.',
  arguments: [['<id>', 'Its id.']],
  options: [new Option('-f, --follow', 'Go on with what comes, until the run has ended.')],
  run: async ({ settings, words, options, terminal }) => {
    const path = `${runPath(words[0])}/logs`
    const lines: RunLogLine[] = []
    for (let after = 0, done = false; ;) {
      const query = { after: String(after), limit: '1000' }
      const page = await callServer<RunLogPage & { ended: boolean }>(settings, 'GET', path, { query })
      after = page.lines.at(-1)?.seq ?? after
      for (const line of page.lines) terminal.line(logText(line, terminal))
      lines.push(...page.lines)
      if (page.more) continue
      // What was said last is written a moment after the run has ended.
      if (options.follow !== true || done) break
      done = page.ended
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
    if (terminal.json) terminal.data({ lines })
    return exitCodes.done
  },
})

function action(name: 'cancel' | 'suspend' | 'resume') {
  return verb({
    ...common,
    name,
    about: {
      cancel: 'End runs: what is under way is interrupted.',
      suspend: 'Let runs go no further until they are resumed.',
      resume: 'Let suspended runs go on.',
    }[name],
    arguments: [['<ids...>', 'Their ids.']],
    run: async ({ settings, words, terminal }) => {
      const runs: RunSummary[] = []
      for (const id of words[0] as readonly string[]) {
        runs.push(await callServer<RunSummary>(settings, 'POST', `${runPath(id)}/${name}`))
      }
      if (terminal.json) terminal.data(runs)
      else for (const run of runs) terminal.line(`${run.id}  ${painted(run.status, terminal)}`)
      return exitCodes.done
    },
  })
}

const rerun = verb({
  ...common,
  name: 'rerun',
  about: 'Run a run again: anew, or from one of its tasks.',
  arguments: [['<id>', 'Its id.']],
  options: [
    new Option('--from <key>', 'The task to begin with, by its key as `runs show` prints it.'),
    new Option('-i, --input <json>', 'Other input: JSON, @file, or - for standard input.'),
    new Option('--newest', 'With the newest definition instead of the one that the run had.'),
  ],
  run: async ({ settings, words, options, terminal }: Given) => {
    const started = await callServer<{ id: string }>(settings, 'POST', `${runPath(words[0])}/rerun`, {
      body: {
        ...(typeof options.from === 'string' && { from: options.from }),
        ...(typeof options.input === 'string' && { input: await readJsonOption('--input', options.input) }),
        ...(options.newest === true && { definition: 'newest' }),
      },
    })
    if (terminal.json) terminal.data(started)
    else terminal.line(started.id)
    return exitCodes.done
  },
})

function runPath(id: Given['words'][number]): string {
  return `/api/v1/runs/${encodeURIComponent(String(id))}`
}

function logText({ at, level, message, data }: RunLogLine, terminal: Terminal): string {
  const styles = { error: 'red', warn: 'yellow', info: 'blue', debug: 'dim' } as const
  const from = typeof data.function === 'string' ? ` ${data.function}:` : ''
  return `${at} ${terminal.paint(styles[level], level)}${plain(from)} ${plain(message)}`
}

function printTimeline({ run, tasks }: Timeline, terminal: Terminal): void {
  const { namespace, name, version } = run.definition
  terminal.line(`${run.id}  ${painted(run.status, terminal)}`)
  terminal.line(`${namespace}/${name}:${version}`)
  terminal.line(`started ${run.startedAt}${run.endedAt === undefined ? '' : `, ended ${run.endedAt}`}`)
  if (run.error)
    terminal.line(
      terminal.paint('red', plain(`${run.error.title ?? run.error.type}: ${run.error.detail ?? ''}`)),
    )
  if (run.stuck)
    terminal.line(terminal.paint('red', `stuck since ${run.stuck.since}: ${plain(run.stuck.detail)}`))
  for (const wait of run.waitsFor ?? []) terminal.line(plain(`waits for ${waitText(wait)} at ${wait.key}`))
  terminal.line('')
  const rows = tasks.map((task) => [
    task.key,
    painted(task.status, terminal),
    took(task.startedAt, task.endedAt),
    task.retries > 0 ? `${task.retries} retries` : '',
    plain(task.error?.detail ?? task.error?.title ?? '').slice(0, 100),
  ])
  terminal.line(table(['TASK', 'STATUS', 'TOOK', 'RETRIES', 'ERROR'], rows))
}

function waitText({ kind, until, type, target }: RunWait): string {
  switch (kind) {
    case 'time':
      return until ?? 'a time'
    case 'event':
      return type === undefined ? 'an event' : `an event of type ${type}`
    case 'run':
      return 'a run that it has started'
    case 'target':
      return `${target}, which is down, held or busy (see \`sluse targets list\`),`
  }
}

function took(from: string | undefined, to: string | undefined): string {
  if (from === undefined || to === undefined) return ''
  const ms = Date.parse(to) - Date.parse(from)
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`
}

function painted(status: RunSummary['status'], terminal: Terminal): string {
  const styles: { readonly [S in RunSummary['status']]: Style } = {
    pending: 'dim',
    running: 'blue',
    waiting: 'blue',
    suspended: 'yellow',
    cancelled: 'yellow',
    faulted: 'red',
    completed: 'green',
  }
  return terminal.paint(styles[status], status)
}
