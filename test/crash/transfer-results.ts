import { spawn, type ChildProcess } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import Sqlite from 'libsql'

/** Starts the system with rows by key, whose file and socket lie in the folder. */
export async function startKeyedTarget(folder: string): Promise<ChildProcess> {
  const target = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('keyed-target.mjs', import.meta.url)),
      join(folder, 'target.db'),
      join(folder, 'target.sock'),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await new Promise((resolve) => target.stdout.once('data', resolve))
  return target
}

export function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => child.once('close', () => resolve()))
}

export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32
    return state / 2 ** 32
  }
}

/** The ids of a file's records, in order; each record must be as it was made. */
export async function idsOfFile(folder: string, name: string): Promise<number[]> {
  const ids: number[] = []
  for await (const line of createInterface({ input: createReadStream(join(folder, name)) })) {
    const { id, twice, name: person } = JSON.parse(line) as { id: number; twice: number; name: string }
    if (twice !== id * 2 || person !== `Person ${id}`) throw new Error(`a record is wrong: ${line}`)
    ids.push(id)
  }
  return ids
}

/** The keys of the system with rows by key, from the lowest; each row must be as it was made. */
export function idsOfKeyedTarget(folder: string): number[] {
  const database = new Sqlite(join(folder, 'target.db'))
  const rows = database.prepare('SELECT key, value FROM rows').all() as { key: string; value: string }[]
  database.close()
  const ids = rows.map(({ key, value }) => {
    const right = JSON.stringify({ id: Number(key), twice: Number(key) * 2, name: `Person ${key}` })
    if (value !== right) throw new Error(`a row is wrong: ${value}`)
    return Number(key)
  })
  return ids.sort((one, other) => one - other)
}

export function isAll(ids: readonly number[], count: number): boolean {
  return ids.length === count && ids.every((id, index) => id === index)
}

/** What a transfer gives that has delivered so many records to each of these targets, and counted each once. */
export function allCounted(count: number, targets: readonly string[]) {
  const counts = { delivered: count, refused: 0 }
  const each = Object.fromEntries(targets.map((name) => [name, counts]))
  return { read: count, records: count, deadLetters: 0, targets: each }
}
