import { SluseError } from '../errors.ts'
import { exitCodes } from './failure.ts'
import { count, hasErrors, printFindings } from './findings.ts'
import { onInterrupt } from './interrupt.ts'
import type { Terminal } from './terminal.ts'
import { verb } from './verb.ts'
import type { App } from '../app.ts'

/** An editor writes a file in several steps. */
const settleMs = 100

export const devVerb = verb({
  name: 'dev',
  arguments: [['[project]', "The project's folder."]],
  about: 'Run a project while you write it: its pipelines are taken up as they change. This machine only.',
  settings: ['project', 'server', 'notify', 'engine', 'functions', 'http', 'log'],
  without: ['insecureNoSignIn'],
  defaults: { logLevel: 'warn' },
  projectFirst: true,
  run: async ({ settings, log, terminal }) => {
    const interrupt = onInterrupt()
    const [{ openApp }, { isLoopbackAddress, listen }] = await Promise.all([
      import('../app.ts'),
      import('../server/index.ts'),
    ])
    if (!isLoopbackAddress(settings.host)) {
      throw new SluseError('SLUSE-SIGN-IN', `\`dev\` listens on loopback only, not on ${settings.host}.`)
    }
    const folders = new Map<string, string>()
    const app = await openApp({ settings, log, dev: true, functionFolders: folders })
    try {
      const { openRebuilder } = await import('./functions/rebuild.ts')
      const rebuild = openRebuilder(settings, log, terminal, folders)
      const watcher = await watch(app, terminal, rebuild)
      await reload(app, terminal, rebuild)
      const listening = await listen(app, { editable: true })
      if (terminal.json) terminal.data({ url: listening.url })
      terminal.note(`${terminal.paint('bold', listening.url)}  Ctrl-C stops.`)
      const signal = await interrupt.came
      await watcher.close()
      await listening.stop()
      return signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.done
    } finally {
      await app.close()
    }
  },
})

async function watch(app: App, terminal: Terminal, rebuild: () => Promise<void>) {
  const { watch: open } = await import('chokidar')
  const { project, data } = app.settings
  const parts = ['pipelines', 'functions', 'connections', 'policies']
  const watcher = open(parts, {
    cwd: project,
    ignoreInitial: true,
    ignored: (path) =>
      path.startsWith(data) ||
      /(?:^|[/\\])(?:node_modules|\.[^/\\.]+)/.test(path.slice(project.length)) ||
      // What build tools write is not what is watched for: it would be built for ever.
      /[/\\]functions[/\\].*[/\\](?:target|out|bin|obj|vendor|__pycache__)(?:[/\\]|$)/.test(path),
    followSymlinks: false,
  })
  let timer: NodeJS.Timeout | undefined
  watcher.on('all', () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      reload(app, terminal, rebuild).catch((error: unknown) => terminal.note(String(error)))
    }, settleMs)
  })
  watcher.on('error', (error) => terminal.note(`The project is no longer watched: ${String(error)}`))
  await new Promise<void>((resolve) => watcher.once('ready', () => resolve()))
  return {
    close: async () => {
      clearTimeout(timer)
      await watcher.close()
    },
  }
}

async function reload(app: App, terminal: Terminal, rebuild: () => Promise<void>): Promise<void> {
  await rebuild()
  const { findings, folder } = await app.pipelines.reload()
  await app.functions.renew()
  printFindings(findings, terminal, folder)
  const pipelines = count(app.pipelines.list().length, 'pipeline') || 'no pipeline'
  terminal.note(
    hasErrors(findings)
      ? terminal.paint('yellow', `${pipelines} running; what has errors stays as it was.`)
      : terminal.paint('green', `${pipelines} running.`),
  )
}
