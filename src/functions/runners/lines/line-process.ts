import {
  startProcess,
  watchMemory,
  type ProcessSettings,
  type StartedProcess,
} from '../../../processes/index.ts'
import type { Json } from '../../../workflow/index.ts'
import { logLines } from './log-lines.ts'
import type { Program, Ticket } from './program.ts'
import { splitLines } from './split-lines.ts'

/** How a process came to its end before its input did. */
export interface End {
  /** What it did, for people: `ended with exit code 3`. */
  readonly what: string
  readonly timeout?: true
  /** Where it ended by itself. */
  readonly exitCode?: number
  /** The end of what it wrote to standard error. */
  readonly said: string
  /** Sent, and not answered, in order: the first is what it was at. */
  readonly left: readonly Ticket[]
  /** How many records it had answered. */
  readonly answered: number
}

/** One process that records are sent to. */
export interface LineProcess {
  /** Sent and not answered. */
  readonly underWay: readonly Ticket[]
  send(ticket: Ticket): void
  /** Ends it at once, whatever it is at: `onEnd` is told. */
  abort(what: string): void
  /** Lets it read to the end of its input, waits a little, and ends it: `onEnd` is not told, unless it was due. */
  retire(): Promise<void>
}

/** How long one may take to end once its input has. */
const graceMs = 2000

/**
 * Starts the program. `onAnswer` gets each answer with its ticket; `onEnd` is called at most once, when the process
 * has ended, or was ended because it broke a bound or the protocol, and nothing of it is left.
 */
export async function startLineProcess(
  program: Program,
  settings: ProcessSettings,
  onAnswer: (ticket: Ticket, answer: Json) => void,
  onEnd: (end: End) => void,
): Promise<LineProcess> {
  const started = await startProcess({
    command: program.command,
    prepare: () => program.arguments,
    environment: program.environment,
    ...(program.folder !== undefined && { workFolder: program.folder }),
    stdin: 'open',
    settings,
  })
  const underWay: Ticket[] = []
  let answered = 0
  let over = false
  let ending: Promise<void> | undefined

  const end = (what: string, more: { timeout?: true; exitCode?: number } = {}) => {
    if (over) return
    over = true
    clearTimeout(timer)
    unwatch()
    ending = gone(started, 0).then(() => {
      onEnd({ what, ...more, said: log.tail(), left: underWay.splice(0), answered })
    })
  }

  const timer = setTimeout(() => {
    if (underWay.length === 0) return
    const half = lines.pending > 0 ? ', after half a line' : ''
    end(`gave no answer within the ${program.timeoutMs / 1000} seconds allowed${half}`, { timeout: true })
  }, program.timeoutMs)
  timer.unref()
  const unwatch = watchMemory(started.pid, program.memoryBytes, () =>
    end(`held more than the ${program.memoryBytes} bytes of memory allowed`),
  )
  const log = logLines(started.stderr, program.logBytes, program.log)

  let received: Json[] = []
  let broken: string | undefined
  const lines = splitLines(
    program.answerBytes,
    (line) => {
      if (broken !== undefined) return
      const answer = parsed(line)
      if (answer === undefined) broken = `wrote a line to standard output that is not JSON: ${shown(line)}`
      else received.push(answer)
    },
    () => (broken ??= `wrote more than the ${program.answerBytes} bytes allowed without ending the line`),
  )
  started.stdout.on('data', (chunk: Buffer) => {
    if (over) return
    lines.push(chunk)
    const answers = received
    received = []
    // Nothing that came together with a line too many can be told from it. So all is counted before any is given on,
    // which would send the next record, to which the line too many would then seem to be the answer.
    if (answers.length > underWay.length) {
      return end('wrote a line to standard output that no record had asked for')
    }
    const tickets = underWay.splice(0, answers.length)
    answered += tickets.length
    if (tickets.length > 0) timer.refresh()
    tickets.forEach((ticket, index) => onAnswer(ticket, answers[index] as Json))
    if (broken !== undefined) end(broken)
  })
  started.stdout.on('error', () => {})

  const atEnd = (code: number) => {
    const half = lines.pending > 0 ? ' in the middle of a line' : ''
    end(`ended with exit code ${code}${half}`, { exitCode: code })
  }
  // What it wrote before it ended may still be on its way: it is read to the end, unless a child holds it open.
  void started.exited.then((code) => {
    const late = setTimeout(() => atEnd(code), 500)
    started.stdout.once('close', () => {
      clearTimeout(late)
      atEnd(code)
    })
  })

  let text = ''
  const flush = () => {
    if (!over) started.stdin?.write(text)
    text = ''
  }
  return {
    underWay,
    send(ticket) {
      if (underWay.length === 0) timer.refresh()
      underWay.push(ticket)
      if (text === '') queueMicrotask(flush)
      text += `${ticket.line}\n`
    },
    abort: (what) => end(what),
    async retire() {
      if (over) return ending
      over = true
      clearTimeout(timer)
      unwatch()
      started.stdin?.end()
      await Promise.race([started.exited, new Promise((resolve) => setTimeout(resolve, graceMs))])
      await gone(started, graceMs)
    },
  }
}

async function gone(started: StartedProcess, grace: number): Promise<void> {
  await started.end(grace)
  started.stdin?.destroy()
  started.stdout.destroy()
  started.stderr.destroy()
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function parsed(line: Buffer): Json | undefined {
  try {
    return JSON.parse(utf8.decode(line)) as Json
  } catch {
    return undefined
  }
}

/** Enough of a line to find what wrote it; it is the function's data, so not more. */
const shown = (line: Buffer): string => {
  const text = line.subarray(0, 80).toString('utf8')
  return JSON.stringify(line.length > 80 ? `${text}…` : text)
}
