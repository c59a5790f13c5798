import { readdir, readFile } from 'node:fs/promises'

interface Row {
  readonly pid: number
  readonly parent: number
  readonly session: number
  readonly pages: number
}

/** Bytes of a page of memory on every Linux that Node.js is built for but 64-kilobyte ARM kernels, which count more. */
const pageBytes = 4096

/** Every process of this machine, from `/proc` (proc(5)). Empty where there is none: then only groups are known. */
async function processTable(): Promise<readonly Row[]> {
  const names = await readdir('/proc').catch(() => [])
  const rows = await Promise.all(
    names
      .filter((name) => /^\d+$/.test(name))
      .map(async (pid) => rowOf(await read(`/proc/${pid}/stat`), Number(pid))),
  )
  return rows.filter((row) => row !== undefined)
}

function rowOf(stat: string, pid: number): Row | undefined {
  // The name, in parentheses, may itself hold spaces and parentheses: the last one closes it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, parent, , session] = fields
  if (state === undefined || state === 'Z' || state === 'X') return undefined
  return { pid, parent: Number(parent), session: Number(session), pages: Number(fields[21]) }
}

/** The tree that began with process `root`: its session, and all descendants that still name their parent. */
function treeIn(table: readonly Row[], root: number): readonly Row[] {
  const found = new Map(
    table.filter((row) => row.pid === root || row.session === root).map((row) => [row.pid, row]),
  )
  for (let before = -1; before !== found.size;) {
    before = found.size
    for (const row of table) if (found.has(row.parent)) found.set(row.pid, row)
  }
  return [...found.values()]
}

/**
 * The tree's processes, and those that left it (a daemon starts a session of its own, under another parent) but
 * carry `marker` in the environment that they inherited.
 */
export async function processesOf(root: number, marker: string): Promise<readonly number[]> {
  const table = await processTable()
  const found = new Set(treeIn(table, root).map((row) => row.pid))
  await Promise.all(
    table.map(async ({ pid }) => {
      if (!found.has(pid) && (await read(`/proc/${pid}/environ`)).includes(marker)) found.add(pid)
    }),
  )
  return [...found]
}

const read = (file: string): Promise<string> => readFile(file, 'latin1').catch(() => '')

interface Watched {
  readonly root: number
  readonly most: number
  readonly exceeded: () => void
}

const watched = new Set<Watched>()
let timer: NodeJS.Timeout | undefined

/**
 * Calls `exceeded` once the tree of `root` holds more than `most` bytes. Memory is looked at from outside, every
 * half second and for all trees at once: a limit of address space would stop programs that reserve much and use
 * little, as Node.js and Java do, and would count for each process alone.
 */
export function watchMemory(root: number, most: number, exceeded: () => void): () => void {
  const entry = { root, most, exceeded }
  watched.add(entry)
  timer ??= setInterval(() => void look(), 500).unref()
  return () => {
    watched.delete(entry)
    if (watched.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

let looking = false

async function look(): Promise<void> {
  if (looking) return
  looking = true
  const table = await processTable()
  looking = false
  for (const entry of [...watched]) {
    const pages = treeIn(table, entry.root).reduce((sum, row) => sum + row.pages, 0)
    if (pages * pageBytes > entry.most) entry.exceeded()
  }
}
