import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ListedFunction } from '../../app.ts'
import { SluseError } from '../../errors.ts'
import type { Terminal } from '../terminal.ts'

/**
 * Builds functions that say how, one after the other, in the folder and with the environment of whoever asks: it is
 * the developer's own machine. Throws `SLUSE-FUNCTION-BUILD` for the first that fails.
 */
export async function buildFunctions(
  functions: readonly ListedFunction[],
  terminal: Terminal,
): Promise<readonly string[]> {
  const built: string[] = []
  for (const { name, version, folder, build } of functions) {
    if (build === undefined) continue
    terminal.note(terminal.paint('dim', `${name}:${version}: ${build}`))
    const child = spawn('/bin/sh', ['-c', build], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    const keep = (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000))
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const [code] = (await once(child, 'close')) as [number | null]
    if (code !== 0)
      throw new SluseError('SLUSE-FUNCTION-BUILD', `${name}:${version}: \`${build}\` failed.\n${said.trim()}`)
    built.push(`${name}:${version}`)
  }
  return built
}
