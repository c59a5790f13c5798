import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { openLine } from './line.ts'

const program = fileURLToPath(new URL('worker.mjs', import.meta.url))

export interface Job {
  /** Of the records. */
  readonly url: string
  readonly server: { readonly address: string; readonly namespace: string; readonly taskQueue: string }
  /** Hexadecimal. */
  readonly key: string
  /** A file: what runs in the sandbox. */
  readonly bundle: string
  /** Where effects are asked for. */
  readonly effects: string
}

/** Worker processes; all of them end with `close`. */
export class Workers {
  readonly #job: Job
  readonly #opened: Worker[] = []

  constructor(job: Job) {
    this.#job = job
  }

  /** Resolves once it takes work. */
  async open(): Promise<Worker> {
    const { server } = this.#job
    const line = await openLine(server.address)
    const one = new Worker({ ...this.#job, server: { ...server, address: line.address } }, line)
    this.#opened.push(one)
    await one.says('ready')
    return one
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map((each) => each.close()))
  }
}

type Line = Awaited<ReturnType<typeof openLine>>

export class Worker {
  readonly #child
  readonly #line: Line
  readonly #lines: string[] = []
  readonly #ended: Promise<unknown>

  constructor(job: Job, line: Line) {
    this.#line = line
    this.#child = spawn(process.execPath, [program, JSON.stringify(job)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#ended = once(this.#child, 'close')
    createInterface({ input: this.#child.stdout }).on('line', (text) => this.#lines.push(text))
  }

  async says(text: string): Promise<void> {
    while (!this.#lines.includes(text)) {
      if (this.#child.exitCode !== null) throw new Error(`The worker ended and did not say: ${text}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Temporal loses it, too: else it would give it work for as long as it had asked for some, which is a minute. */
  freeze(): void {
    this.#child.kill('SIGSTOP')
    this.#line.cut()
  }

  wake(): void {
    this.#child.kill('SIGCONT')
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#child.kill(signal)
    await this.#ended
  }

  async close(): Promise<void> {
    await this.end('SIGKILL')
    await this.#line.close()
  }
}
