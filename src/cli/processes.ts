import type { ProcessAnswer } from '../server/index.ts'
import { callServer } from './call-server.ts'
import { exitCodes } from './failure.ts'
import { table } from './table.ts'
import { plain, type Terminal } from './terminal.ts'
import { verb } from './verb.ts'

export const processesVerb = verb({
  name: 'processes',
  about: 'List the servers and workers of the installation, and those that died within a day.',
  settings: ['client'],
  run: async ({ settings, terminal }) => {
    const answer = await callServer<{ processes: ProcessAnswer[] }>(settings, 'GET', '/api/v1/processes')
    if (terminal.json) terminal.data(answer)
    else print(answer.processes, terminal)
    return exitCodes.done
  },
})

function print(processes: readonly ProcessAnswer[], terminal: Terminal): void {
  const styles = { alive: 'green', stopping: 'yellow', gone: 'red' } as const
  const rows = processes.map((each) => [
    plain(each.host),
    String(each.pid),
    each.role,
    terminal.paint(styles[each.state], each.state),
    plain(each.version),
    each.leads ? 'leads' : '',
    String(each.liveRuns),
    String(each.activitiesRunning),
    plain(each.configuration ?? ''),
    each.startedAt,
    each.seenAt,
  ])
  const titles = [
    'HOST',
    'PID',
    'ROLE',
    'STATE',
    'VERSION',
    '',
    'RUNS',
    'ACTIVITIES',
    'CONFIGURATION',
    'STARTED',
    'SEEN',
  ]
  terminal.line(table(titles, rows))
  const alive = processes.filter(({ state }) => state === 'alive')
  if (new Set(alive.flatMap(({ configuration }) => configuration ?? [])).size > 1)
    terminal.note(
      'Not all have read the same connections, policies and functions: give each the same files, and have it read them (SIGHUP, or a restart).',
    )
}
