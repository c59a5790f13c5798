import { readdirSync, readFileSync } from 'node:fs'

/** Of what a second of `/proc` counts. */
const ticks = 100

/** Milliseconds of processor time that this process's children and theirs have used so far, by their programs' names. */
export function timeByProgram(): Map<string, number> {
  const all = readdirSync('/proc').flatMap((pid) => (/^\d+$/.test(pid) ? processOf(pid) : []))
  const ours = new Set([process.pid])
  for (let before = 0; before < ours.size;) {
    before = ours.size
    for (const { pid, parent } of all) if (ours.has(parent)) ours.add(pid)
  }
  const found = new Map<string, number>()
  for (const { pid, program, ms } of all)
    if (ours.has(pid) && pid !== process.pid) found.set(program, (found.get(program) ?? 0) + ms)
  return found
}

/** Its own time, and that of its children that have ended. */
function processOf(pid: string): { pid: number; parent: number; program: string; ms: number }[] {
  try {
    const [, program = '', rest = ''] =
      /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    const fields = rest.split(' ').map(Number)
    const used = fields.slice(11, 15).reduce((sum, one) => sum + one, 0)
    return [{ pid: Number(pid), parent: fields[1] ?? 0, program, ms: (used / ticks) * 1000 }]
  } catch {
    // It has ended meanwhile.
    return []
  }
}
