import { Command, Option } from 'commander'
import { SluseError } from '../errors.ts'
import type { TargetAnswer } from '../server/index.ts'
import { callServer } from './call-server.ts'
import { exitCodes } from './failure.ts'
import { table } from './table.ts'
import { plain, type Style, type Terminal } from './terminal.ts'
import { verb, type Given, type VerbOptions } from './verb.ts'

/** `sluse targets …`: speaks to the server's API. */
export function targetsVerb(done: (code: number) => void): Command {
  const command = new Command('targets')
    .description('The systems that pipelines call: circuit breakers, limits, and what waits for them.')
    .helpOption('-h, --help', 'Print help.')
    .helpCommand(false)
  for (const each of [list, action('reset'), action('hold'), action('release'), limit]) {
    command.addCommand(each(done))
  }
  return command
}

const common = { settings: ['client'] } as const satisfies Partial<VerbOptions>
const which = [['<target>', 'Its name, or its key where several have the name.']] as const

const list = verb({
  ...common,
  name: 'list',
  about: 'List every system that was called, or that a connection names.',
  run: async ({ settings, terminal }) => {
    const answer = await callServer<{ targets: TargetAnswer[] }>(settings, 'GET', '/api/v1/targets')
    if (terminal.json) terminal.data(answer)
    else print(answer.targets, terminal)
    return exitCodes.done
  },
})

function action(name: 'reset' | 'hold' | 'release') {
  return verb({
    ...common,
    name,
    about: {
      reset: 'Close the circuit breaker of a target and forget what it has counted.',
      hold: 'Make no calls to a target until it is released: they wait, on disk.',
      release: 'Make calls to a target again that was held.',
    }[name],
    arguments: which,
    run: (given) => change(given, name),
  })
}

const limit = verb({
  ...common,
  name: 'limit',
  about:
    'Give a target other limits than its connection declares: at once, and until they are changed again.',
  arguments: which,
  options: [
    new Option('--concurrency <number>', 'At most so many calls at once.'),
    new Option('--per-second <number>', 'At most so many calls begun in a second; may be below 1.'),
    new Option('--declared', 'Go back to what the connection declares.'),
  ],
  run: async (given) => {
    const { concurrency, perSecond, declared } = given.options
    if ((concurrency ?? perSecond) === undefined && declared !== true) {
      throw new SluseError('SLUSE-USAGE', 'Say --concurrency, --per-second, or --declared.')
    }
    const limits = {
      ...(concurrency !== undefined && { concurrency: number('--concurrency', concurrency) }),
      ...(perSecond !== undefined && { perSecond: number('--per-second', perSecond) }),
    }
    return change(given, 'limits', declared === true ? {} : limits)
  },
})

async function change({ settings, words, terminal }: Given, what: string, body?: object): Promise<number> {
  const path = `/api/v1/targets/${encodeURIComponent(String(words[0]))}/${what}`
  const changed = await callServer<TargetAnswer>(settings, 'POST', path, body && { body })
  if (terminal.json) terminal.data(changed)
  else print([changed], terminal)
  return exitCodes.done
}

function print(targets: readonly TargetAnswer[], terminal: Terminal): void {
  const rows = targets.map((each) => [
    plain(each.name),
    painted(each, terminal),
    `${each.limits.running}/${each.limits.concurrency ?? '∞'}`,
    each.limits.perSecond === undefined ? '' : `${each.limits.perSecond}/s`,
    String(each.waiting + each.queued),
    String(each.attempts),
    String(each.failures),
    String(each.retries),
    each.limits.pausedUntil ?? each.breaker?.retryAt ?? '',
  ])
  const titles = [
    'TARGET',
    'BREAKER',
    'AT ONCE',
    'RATE',
    'WAITING',
    'CALLS',
    'FAILED',
    'RETRIES',
    'NEXT CALL',
  ]
  terminal.line(table(titles, rows))
}

function painted({ breaker }: TargetAnswer, terminal: Terminal): string {
  if (!breaker) return ''
  const styles = { closed: 'green', 'half-open': 'yellow', open: 'red', held: 'red' } as const satisfies {
    readonly [state: string]: Style
  }
  return terminal.paint(styles[breaker.state], breaker.state)
}

function number(option: string, value: unknown): number {
  const parsed = Number(value)
  if (Number.isFinite(parsed) && parsed > 0) return parsed
  throw new SluseError('SLUSE-USAGE', `${option} must be a number above 0.`)
}
