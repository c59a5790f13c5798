import { cp, mkdir, readdir, rename } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SluseError } from '../errors.ts'
import { exitCodes } from './failure.ts'
import type { Terminal } from './terminal.ts'

/** Each a folder of `templates/functions/`: a few lines without any library of ours. */
export const functionLanguages = ['python', 'typescript', 'java', 'csharp', 'go', 'php', 'rust'] as const

const version = '1.0.0'

/** Makes `functions/<name>/1.0.0` in a project. Throws `SLUSE-USAGE` where it is there already. */
export async function initFunction(
  project: string,
  language: string,
  name: string,
  terminal: Terminal,
): Promise<number> {
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) {
    throw new SluseError(
      'SLUSE-USAGE',
      `${JSON.stringify(name)} cannot name a function: a-z, 0-9 and '-' can.`,
    )
  }
  const folder = join(project, 'functions', name, version)
  const there = await readdir(folder).catch(() => [])
  if (there.length > 0) throw new SluseError('SLUSE-USAGE', `There is a function ${name}:${version} already.`)
  await mkdir(folder, { recursive: true })
  const template = fileURLToPath(new URL(`../../templates/functions/${language}`, import.meta.url))
  await cp(template, folder, { recursive: true })
  // A package of npm cannot hold a file of this name.
  await rename(join(folder, 'gitignore'), join(folder, '.gitignore'))
  const files = await readdir(folder)
  if (terminal.json) terminal.data({ folder, files })
  else {
    const into = relative(process.cwd(), project)
    terminal.note(`Made ${relative(process.cwd(), folder)}; its README.md says how to go on.\n\nNext:`)
    if (into !== '') terminal.note(`  cd ${into}`)
    terminal.note(`  sluse functions test ${name}\n  sluse functions run ${name} --input '{"name":"Åse"}'`)
    terminal.note(`\nIn a pipeline:\n  call: ${name}:${version}@default`)
  }
  return exitCodes.done
}
