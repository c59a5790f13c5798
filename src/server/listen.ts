import { accessMode, type App } from '../app.ts'
import type { Settings } from '../config/index.ts'
import { SluseError } from '../errors.ts'
import { createServer, type ServerOptions } from './create-server.ts'
import { isLoopbackAddress } from './guard.ts'

export interface Listening {
  readonly url: string
  /** Takes no new work, lets what is under way come to rest, and closes the app, too. */
  stop(): Promise<void>
}

/**
 * Listens as the settings say. Where nobody has to sign in, anything but loopback is refused unless the operator has
 * said that this is wanted. Throws `SLUSE-SIGN-IN`, `SLUSE-SETTING` or `SLUSE-LISTEN`.
 */
export async function listen(app: App, options: ServerOptions = {}): Promise<Listening> {
  const { settings, log } = app
  refuseOpenDoor(settings)
  if (app.access.mode === 'local' && isLoopbackAddress(settings.host)) {
    log('warn', 'Nobody has to sign in: whoever is at this machine can do everything.', {
      host: settings.host,
    })
  } else if (app.access.mode === 'local') {
    log('warn', 'INSECURE: nobody has to sign in, and whoever reaches this address can do everything.', {
      host: settings.host,
    })
  }
  const server = await createServer(app, options)
  const url = await server
    .listen({ host: settings.host, port: settings.port })
    .catch(async (error: unknown) => {
      await server.end()
      const { code } = error as NodeJS.ErrnoException
      throw new SluseError('SLUSE-LISTEN', `${settings.host}:${settings.port} (${code ?? String(error)}).`)
    })
  let stopped: Promise<void> | undefined
  const stop = async () => {
    log('info', 'Stopping: no new work is taken.')
    server.refuseWork()
    // Reads are answered until the last run has come to rest, so that a load balancer sees `/ready` say no.
    await app.stop(settings.stopGrace)
    await server.end()
    await app.close()
    log('info', 'Stopped.')
  }
  return { url, stop: () => (stopped ??= stop()) }
}

/**
 * Where nobody has to sign in, beyond loopback only if the operator has said so; where people sign in, beyond loopback
 * only under an address that is known. Throws `SLUSE-SIGN-IN` or `SLUSE-SETTING`.
 */
export function refuseOpenDoor(settings: Settings): void {
  const { host, insecureNoSignIn, publicUrl } = settings
  const mode = accessMode(settings)
  if (isLoopbackAddress(host)) return
  if (mode === 'local' && !insecureNoSignIn) throw new SluseError('SLUSE-SIGN-IN', `Asked for: ${host}.`)
  if (mode === 'oidc' && publicUrl === undefined) {
    throw new SluseError('SLUSE-SETTING', 'publicUrl is needed: where the provider sends people back to.')
  }
}
