import { runProcess, type ProcessSettings } from '../../../processes/index.ts'
import type { Program } from './program.ts'

/** Longer than this nobody waits to see whether a program starts. */
const longestMs = 10_000

/**
 * Starts the program, gives it nothing to do, and tells how it ended if not well: it would end so with any record.
 * A program that takes long tells nothing.
 */
export async function tryOut(
  program: Program,
  settings: ProcessSettings,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { name, command, folder, environment, memoryBytes } = program
  const request = {
    name: `The function ${name}`,
    command,
    prepare: () => program.arguments,
    environment,
    ...(folder !== undefined && { workFolder: folder }),
    stdin: '',
    keep: { stdout: false, stderr: false },
    settings: { ...settings, memoryBytes, timeLimitMs: longestMs, graceMs: 0 },
  }
  try {
    const { code, stderr } = await runProcess(request, signal)
    if (code === 0) return undefined
    const said = Buffer.from(stderr).toString('utf8').trim()
    return `It ended with exit code ${code} before it had read anything${said === '' ? '.' : `:\n${said}`}`
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}
