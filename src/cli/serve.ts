import type { App } from '../app.ts'
import { hasErrors, placed, printFindings } from './findings.ts'
import { exitCodes } from './failure.ts'
import { onInterrupt } from './interrupt.ts'
import { openPatiently } from './open-patiently.ts'
import { verb } from './verb.ts'

export const serveVerb = verb({
  name: 'serve',
  arguments: [['[project]', "The project's folder."]],
  about: 'Run the server: the API, the schedules, the events and the runs of a project.',
  settings: ['project', 'server', 'access', 'notify', 'engine', 'functions', 'http', 'log'],
  projectFirst: true,
  run: async ({ settings, log, terminal }) => {
    const interrupt = onInterrupt()
    // Until it is open, the project has not been read yet.
    let hangUp = () => {}
    process.on('SIGHUP', () => hangUp())
    const [{ openApp }, { listen, openWaitingRoom, refuseOpenDoor }] = await Promise.all([
      import('../app.ts'),
      import('../server/index.ts'),
    ])
    refuseOpenDoor(settings)
    const app = await openPatiently(() => openApp({ settings, log }), {
      ...{ log, signal: interrupt.signal },
      openRoom: () => openWaitingRoom(settings),
    })
    if (!app) return exitOf(await interrupt.came)
    hangUp = () => void reload(app)
    try {
      const { findings } = await app.pipelines.reload()
      if (hasErrors(findings)) {
        if (terminal.json) terminal.data({ findings: placed(findings, settings.project) })
        else printFindings(findings, terminal, settings.project)
        return exitCodes.usage
      }
      if (!terminal.json) printFindings(findings, terminal, settings.project)
      const listening = await listen(app)
      if (terminal.json) terminal.data({ url: listening.url })
      log('info', 'Listening.', { url: listening.url, pipelines: app.pipelines.list().length })
      const signal = await interrupt.came
      await listening.stop()
      return exitOf(signal)
    } finally {
      await app.close()
    }
  },
})

const exitOf = (signal: 'SIGINT' | 'SIGTERM') =>
  signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.done

/** As servers do when they are told that their files have changed: what is broken stays as it was. */
async function reload(app: App): Promise<void> {
  const { log, pipelines, functions, settings } = app
  try {
    const { findings } = await pipelines.reload()
    await functions.renew()
    for (const { severity, file, line, message, code } of placed(findings, settings.project)) {
      if (severity === 'error') log('error', message, { code, file: file ?? '', line })
    }
    log('info', 'The project was read anew.', { pipelines: pipelines.list().length })
  } catch (error) {
    log('error', 'The project cannot be read anew: all stays as it was.', { error: String(error) })
  }
}
