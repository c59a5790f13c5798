import { spawn, type ChildProcess } from 'node:child_process'

/**
 * Ends the processes of a server that died, also by `kill -9`: a small shell script in a session of its own that
 * reads from a pipe whose other end only the server holds. When that closes, it kills what it was told of.
 * (`PR_SET_PDEATHSIG` would reach a direct child alone, and follow the thread, not the server.)
 */
interface Held {
  readonly pid: number
  readonly marker: string
  readonly folder: string
}

const held = new Map<number, Held>()
let running: ChildProcess | undefined

/** Resolves once the watchdog knows of the process, whatever happens to the server then. */
export async function watch(process: Held): Promise<void> {
  held.set(process.pid, process)
  await tell(`+ ${process.pid} ${process.marker} ${process.folder}\n`)
}

export async function unwatch(pid: number): Promise<void> {
  held.delete(pid)
  if (running) await tell(`- ${pid}\n`)
}

async function tell(line: string): Promise<void> {
  // A new one is told of all that is held; the line that has yet to go is among them.
  const [dog, text] = running ? [running, line] : [(running = start()), lines()]
  await new Promise<void>((resolve) => dog.stdin?.write(text, () => resolve()) ?? resolve())
}

const lines = () => [...held.values()].map((each) => `+ ${each.pid} ${each.marker} ${each.folder}\n`).join('')

function start(): ChildProcess {
  const dog = spawn('/bin/sh', ['-c', script], {
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const gone = () => {
    if (running !== dog) return
    running = undefined
    if (held.size > 0) void tell('')
  }
  dog.on('error', gone).on('exit', gone)
  dog.stdin.on('error', () => {})
  // It must not keep the server alive: the server's end is what it waits for.
  dog.unref()
  ;(dog.stdin as unknown as { unref?: () => void }).unref?.()
  return dog
}

const script = `
trap '' INT TERM HUP QUIT
while read -r verb pid rest; do
  if [ "$verb" = + ]; then set -- "$@" "$pid $rest"; continue; fi
  for entry do
    shift
    [ "\${entry%% *}" = "$pid" ] || set -- "$@" "$entry"
  done
done
for round in 1 2 3; do
  for entry do
    pid=\${entry%% *} rest=\${entry#* }
    kill -KILL "-$pid" 2>/dev/null
    for file in $(grep -l "\${rest%% *}" /proc/[0-9]*/environ 2>/dev/null); do
      process=\${file#/proc/}
      kill -KILL "\${process%/environ}" 2>/dev/null
    done
  done
done
for entry do
  rest=\${entry#* }
  rm -rf -- "\${rest#* }"
done
`
