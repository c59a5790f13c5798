import { spawn, type ChildProcess } from 'node:child_process'
import { program } from '../program.ts'

/** One process of an installation, `sluse serve`, which may be ended and started again on its port. */
export interface Member {
  readonly url: string
  readonly role: 'api' | 'worker'
  /** Lines of its log that tell of an error. */
  readonly errors: readonly string[]
  /** Resolves once it listens. */
  start(): Promise<void>
  /** Has it read the project anew. */
  reload(): void
  /** `SIGKILL` gives `null`, `SIGTERM` the exit code once it has drained. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>
}

export function member(
  role: Member['role'],
  port: number,
  project: string,
  environment: { readonly [name: string]: string },
): Member {
  const errors: string[] = []
  const url = `http://127.0.0.1:${port}`
  let running: { readonly child: ChildProcess; readonly ended: Promise<number | null> } | undefined
  return {
    url,
    role,
    errors,
    async start() {
      const env = { ...process.env, SLUSE_PORT: String(port), SLUSE_LOG_LEVEL: 'error', ...environment }
      const child = spawn(process.execPath, [program, 'serve', project, '--role', role], {
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text))
      const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
      running = { child, ended }
      let over = false
      void ended.then(() => (over = true))
      while (!(await answers(url))) {
        if (over) throw new Error(`The ${role} ended before it listened: ${errors.join('')}`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    },
    reload: () => void running?.child.kill('SIGHUP'),
    async end(signal) {
      running?.child.kill(signal)
      return (await running?.ended) ?? null
    },
  }
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) }).then(
    ({ ok }) => ok,
    () => false,
  )
}
