import type { App } from '../app.ts'
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
 * Listens as the settings say. Nobody signs in yet, so that anything but loopback is refused unless the operator has
 * said that this is wanted. Throws `SLUSE-SIGN-IN` or `SLUSE-LISTEN`.
 */
export async function listen(app: App, options: ServerOptions = {}): Promise<Listening> {
  const { settings, log } = app
  refuseOpenDoor(settings)
  if (!isLoopbackAddress(settings.host)) {
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

/** Nobody signs in yet: beyond loopback only where the operator has said so. Throws `SLUSE-SIGN-IN`. */
export function refuseOpenDoor({ host, insecureNoSignIn }: Settings): void {
  if (!isLoopbackAddress(host) && !insecureNoSignIn) {
    throw new SluseError('SLUSE-SIGN-IN', `Asked for: ${host}.`)
  }
}
