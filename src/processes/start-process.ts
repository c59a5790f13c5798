import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { constants, open as openDescriptor } from 'node:fs'
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { constants as os, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex, Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { fault } from '../workflow/index.ts'
import { environmentOf, type Environment } from './environment.ts'
import { processesOf } from './process-table.ts'
import type { ProcessSettings } from './settings.ts'
import { unwatch, watch } from './watchdog.ts'

export interface StartRequest {
  /** Absolute path of what to run. */
  readonly command: string
  /** Its arguments; files that they name can be put into `folder`, which is removed after. */
  readonly prepare: (folder: string) => Promise<readonly string[]> | readonly string[]
  readonly environment: Environment
  /** Where it works. Default: an empty folder, which is removed after. */
  readonly workFolder?: string
  /** What it reads; `open` leaves a stream to write to. */
  readonly stdin: string | 'open'
  readonly settings: ProcessSettings
}

export interface StartedProcess {
  readonly pid: number
  /** Only with `stdin: 'open'`. */
  readonly stdin: Writable | null
  readonly stdout: Readable
  readonly stderr: Readable
  /** The exit code; for one ended by a signal 128 plus its number, as shells have it. */
  readonly exited: Promise<number>
  /**
   * Ends it with all that it started: asks, waits up to `graceMs`, then kills. Its folder is removed. Resolves
   * when nothing is left of it. To be called for each process, also where it ended by itself.
   */
  end(graceMs: number): Promise<void>
}

/**
 * Starts a process in a session and a folder of its own. A launcher shell goes first: it makes real pipes for the
 * output (Node.js gives sockets, on which `/dev/stderr` cannot be opened), and waits until the watchdog knows of
 * the process, so that there is no moment at which a server's death would leave it behind.
 */
export async function startProcess(request: StartRequest): Promise<StartedProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'sluse-'))
  try {
    return await launch(request, folder)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

async function launch(request: StartRequest, folder: string): Promise<StartedProcess> {
  const work = join(folder, 'work')
  await mkdir(work)
  const marker = randomUUID()
  const given = await request.prepare(folder)
  const input = request.stdin === 'open' ? undefined : await inputFile(request.stdin, folder)
  let child: ChildProcess
  try {
    child = spawn('/bin/sh', ['-c', launcher, 'launch', folder, request.command, ...given], {
      cwd: request.workFolder ?? work,
      env: { ...environmentOf(request.environment, work, request.settings), SLUSE_PROCESS: marker },
      detached: true,
      stdio: [input?.fd ?? 'pipe', 'ignore', 'ignore', 'pipe'],
    })
    await once(child, 'spawn')
  } catch (error) {
    throw fault('runtime', `No process could be started: ${(error as Error).message}`)
  } finally {
    await input?.close()
  }
  const pid = child.pid as number
  const exited = new Promise<number>((resolve) => {
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal ? os.signals[signal] : 0)))
  })
  let over = false
  void exited.then(() => (over = true))
  const opened: Socket[] = []
  const end = async (graceMs: number) => {
    await endTree(pid, marker, () => over, graceMs)
    await Promise.all([unwatch(pid), rm(folder, { recursive: true, force: true, maxRetries: 3 })])
  }

  try {
    await watch({ pid, marker, folder })
    const gate = child.stdio[3] as Duplex
    gate.on('error', () => {})
    await said(gate, exited)
    for (const name of ['out', 'err']) opened.push(await openPipe(join(folder, name)))
    gate.write('go\n')
    await said(gate, exited)
    gate.destroy()
  } catch (error) {
    for (const socket of opened) socket.destroy()
    await end(0)
    throw error
  }
  child.stdin?.on('error', () => {})
  const [stdout, stderr] = opened as [Socket, Socket]
  return { pid, stdin: child.stdin, stdout, stderr, exited, end }
}

const launcher = `
mkfifo -m 600 "$1/out" "$1/err" && echo made >&3 && read -r _ <&3 || exit 125
{ ulimit -c 0; echo 1000 >/proc/self/oom_score_adj; } 2>/dev/null
exec >"$1/out" 2>"$1/err"
echo open >&3
exec 3>&-
shift
exec "$@"
`

/** Input lies in a file that has no name any more: it can be opened again as /dev/stdin, and read late or never. */
async function inputFile(text: string, folder: string) {
  const file = join(folder, 'in')
  await writeFile(file, text, { mode: 0o600 })
  const handle = await open(file, 'r')
  await rm(file)
  return handle
}

/** Opens without waiting for a writer; it is read only when there is one, because till then it seems to be over. */
async function openPipe(file: string): Promise<Socket> {
  // A plain descriptor, not a FileHandle: the socket owns and closes it.
  const fd = await promisify(openDescriptor)(file, constants.O_RDONLY | constants.O_NONBLOCK)
  return new Socket({ fd, readable: true, writable: false })
}

/** The launcher's next word. It says none where it could not go on. */
async function said(gate: Duplex, exited: Promise<number>): Promise<void> {
  const word = await Promise.race([once(gate, 'data'), exited])
  if (typeof word === 'number') {
    throw fault('runtime', `No process could be started: the launcher ended with code ${word}.`)
  }
}

async function endTree(root: number, marker: string, over: () => boolean, graceMs: number): Promise<void> {
  const signal = async (name: 'SIGTERM' | 'SIGKILL'): Promise<boolean> => {
    const left = await processesOf(root, marker)
    const group = kill(-root, name)
    for (const pid of left) kill(pid, name)
    return left.length > 0 || (group && !over())
  }
  if (!over() && graceMs > 0 && (await signal('SIGTERM'))) {
    const until = Date.now() + graceMs
    while (Date.now() < until) {
      await delay(20)
      if (over() && (await processesOf(root, marker)).length === 0) return
    }
  }
  // More may have been started between the look and the signal: until a look finds none.
  for (let round = 0; round < 100 && (await signal('SIGKILL')); round += 1) await delay(10)
}

function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
