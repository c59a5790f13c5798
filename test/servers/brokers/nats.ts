/** A NATS server on loopback. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { findProgram, startProgram, type Program } from './program.ts'

export const natsServer = findProgram('nats-server')

export interface RunningNats extends Program {
  readonly port: number
  /** How many have subscribed so far. */
  subscriptions(): Promise<number>
}

/** Lets in `me` with the password `secret`, who may do all but touch `forbidden.>`; or, if `open`, anybody. */
export async function startNats({ open = false } = {}): Promise<RunningNats> {
  const [port, monitor] = [await freePort(), await freePort()]
  const program = await startProgram(port, async (folder) => {
    const file = join(folder, 'nats.conf')
    await writeFile(
      file,
      `listen: 127.0.0.1:${port}
       http: 127.0.0.1:${monitor}
       ${open ? '' : authorization}`,
    )
    return { command: natsServer as string, args: ['-c', file] }
  })
  return {
    ...program,
    port,
    async subscriptions() {
      const answer = await fetch(`http://127.0.0.1:${monitor}/subsz`)
      return ((await answer.json()) as { num_inserts: number }).num_inserts
    },
  }
}

const authorization = `authorization { users: [{ user: me, password: secret, permissions: {
  publish: { deny: "forbidden.>" }, subscribe: { deny: "forbidden.>" } } }] }`
