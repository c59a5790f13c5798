import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Where a broker's program is; `undefined` where it is not installed, and its tests are skipped. Where servers are
 * required, as in continuous integration, that is an error.
 */
export function findProgram(name: string): string | undefined {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
    '/usr/lib/rabbitmq/bin',
  ]
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
  if (found === undefined && process.env['SLUSE_TEST_REQUIRE_SERVERS']) {
    throw new Error(`${name} is not installed: run scripts/install-test-servers.sh.`)
  }
  return found
}

/** Resolves when it holds, whenever that is. */
export async function waitUntil(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(10)
}

export interface Program {
  readonly folder: string
  /** Ends it at once, as a failing machine does. */
  kill(): Promise<void>
  /** Ends it and removes its folder. */
  close(): Promise<void>
}

/** A broker as a process, with a folder of its own; ready when its port answers. */
export async function startProgram(
  port: number,
  launch: (
    folder: string,
  ) => Promise<{ command: string; args: string[]; environment?: { [name: string]: string } }>,
): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), 'broker-'))
  const { command, args, environment } = await launch(folder)
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, ...environment },
    detached: true,
    stdio: 'ignore',
  })
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const atExit = () => signal(child)
  process.once('exit', atExit)
  const kill = async () => {
    signal(child)
    await exited
    process.off('exit', atExit)
  }
  for (let tries = 0; !(await answers(port)); tries += 1) {
    if (tries > 300 || child.exitCode !== null) throw new Error(`${command} does not answer at ${port}.`)
    await delay(100)
  }
  return {
    folder,
    kill,
    async close() {
      await kill()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function signal(child: ChildProcess): void {
  try {
    process.kill(-(child.pid as number), 'SIGKILL')
  } catch {
    // It has ended.
  }
}

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
