/** A RabbitMQ server on loopback, with a name server (epmd) of its own. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../free-port.ts'
import { findProgram, startProgram, type Program } from './program.ts'

// Debian's wrapper in /usr/sbin changes user; this is what it runs.
const unwrapped = '/usr/lib/rabbitmq/bin/rabbitmq-server'
export const rabbitmqServer = existsSync(unwrapped) ? unwrapped : findProgram('rabbitmq-server')

export type RunningRabbitmq = Program & { readonly port: number }

/** Lets in `me` with the password `secret`. */
export async function startRabbitmq(): Promise<RunningRabbitmq> {
  const [port, distribution, names] = [await freePort(), await freePort(), await freePort()]
  const program = await startProgram(port, async (folder) => {
    await writeFile(
      join(folder, 'rabbitmq.conf'),
      `listeners.tcp.1 = 127.0.0.1:${port}\nlog.console = false\ndefault_user = me\ndefault_pass = secret\n`,
    )
    await writeFile(join(folder, 'plugins'), '[].')
    return {
      command: rabbitmqServer as string,
      args: [],
      environment: {
        HOME: folder,
        ERL_EPMD_PORT: String(names),
        ERL_EPMD_ADDRESS: '127.0.0.1',
        // It may be ended while it still believes that the server, which is gone, lives.
        ERL_EPMD_RELAXED_COMMAND_CHECK: '1',
        RABBITMQ_NODENAME: `test${port}@localhost`,
        RABBITMQ_NODE_PORT: String(port),
        RABBITMQ_DIST_PORT: String(distribution),
        RABBITMQ_MNESIA_BASE: folder,
        RABBITMQ_LOG_BASE: folder,
        RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
        RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
        RABBITMQ_PID_FILE: join(folder, 'pid'),
      },
    }
  })
  return {
    ...program,
    port,
    async close() {
      await program.kill()
      // It leaves its name server running, which is ours alone.
      const environment = { ...process.env, ERL_EPMD_PORT: String(names) }
      await promisify(execFile)('epmd', ['-kill'], { env: environment }).catch(() => {})
      await program.close()
    },
  }
}
