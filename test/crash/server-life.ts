import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { openDatabase } from '../../src/database/index.ts'
import { decodeRow } from '../../src/history/index.ts'
import { program } from '../program.ts'

export interface Life {
  readonly url: string
  /** Resolves with the exit code; `null` where it was killed. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>
  /** Lines of the log that tell of an error. */
  readonly errors: readonly string[]
}

/** `sluse serve` as a process, from when it listens on. */
export async function live(project: string): Promise<Life> {
  const environment = { ...process.env, SLUSE_PORT: '0', SLUSE_LOG_LEVEL: 'error' }
  const child = spawn(process.execPath, [program, 'serve', project, '--output', 'json'], { env: environment })
  const errors: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text))
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  const url = await new Promise<string>((resolve, reject) => {
    let printed = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      const found = /"url":\s*"([^"]+)"/.exec(printed)
      if (found) resolve(found[1] as string)
    })
    void ended.then((code) =>
      reject(new Error(`It ended with ${code} before it listened: ${errors.join('')}`)),
    )
  })
  return {
    url,
    errors,
    end: (signal) => {
      child.kill(signal)
      return ended
    },
  }
}

/** What a killed server left behind: the keys of recorded effects, and how many runs were under way. */
export async function left(project: string): Promise<{ recorded: string[]; underWay: number }> {
  const database = await openDatabase({ folder: join(project, '.sluse') })
  try {
    const rows = await database.query<{ id: string; data: string }>(
      'SELECT runs.id AS id, data FROM journal JOIN runs ON runs.number = journal.run',
    )
    const recorded = rows.flatMap(({ id, data }) =>
      decodeRow(data).flatMap((item) =>
        item.type === 'result' || item.type === 'fault' ? [`${id}:${item.key}`] : [],
      ),
    )
    const [open] = await database.query<{ runs: number }>(
      'SELECT count(*) AS runs FROM runs WHERE ended_at IS NULL',
    )
    return { recorded, underWay: open?.runs ?? 0 }
  } finally {
    await database.close()
  }
}
