import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fault } from '../../workflow/index.ts'
import type { ActivityOptions } from '../activity.ts'
import { findCommand } from '../../processes/index.ts'
import { inlineMetadata } from './inline-metadata.ts'
import type { Interpreter, Language } from './languages.ts'

/**
 * Run by the project's own environment (`.venv` in its folder) where it has one, else by the `python3` of the
 * server's PATH. A script that declares dependencies in itself (PEP 723) is run by `uv`, which provides them.
 */
export const python: Language = {
  title: 'Python',
  file: 'script.py',
  variables: (values) => ({
    file: 'variables.json',
    content: JSON.stringify(values),
    arguments: (path) => ['-c', withVariables, path],
  }),
  outOfMemory: /^MemoryError/m,
  async interpreter(code, options) {
    const { dependencies, requiresPython } = inlineMetadata(code)
    if (dependencies.length > 0) return withDependencies(code, dependencies, options)
    const command = await interpreterOf(options)
    if (requiresPython !== undefined) await requireVersion(command, requiresPython)
    return { command, arguments: ['-X', 'utf8'], environment: unbuffered }
  },
}

/** Runs the script as if by its name, with the values among its globals. */
const withVariables = [
  'import json, runpy, sys',
  'values, script = sys.argv[1:3]',
  'sys.argv[:] = sys.argv[2:]',
  'runpy.run_path(script, json.load(open(values, encoding="utf-8")), "__main__")',
].join('\n')

/** What was printed before a failure is there to read. No bytecode, which would be written for nobody. */
const unbuffered = { PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' }

async function interpreterOf({ projectFolder }: ActivityOptions): Promise<string> {
  const own =
    projectFolder === undefined ? undefined : await findCommand(join(projectFolder, '.venv/bin/python'), '')
  if (own) return own
  const found = await findCommand('python3', process.env['PATH'] ?? '')
  if (!found) {
    throw fault(
      'configuration',
      'There is no python3 on the PATH of this server: install Python, or run the script in a container.',
    )
  }
  return behind(found)
}

const known = new Map<string, Promise<string>>()

/** A shim of a version manager needs the server's environment to find what it stands for: only the real one is run. */
function behind(command: string): Promise<string> {
  let real = known.get(command)
  if (!real) {
    real = asked(command, 'import sys; print(sys.executable)').then((path) => path || command)
    real.catch(() => known.delete(command))
    known.set(command, real)
  }
  return real
}

async function asked(command: string, code: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, ['-c', code], { timeout: 20_000 })
    return stdout.trim()
  } catch (error) {
    const why = ((error as { stderr?: string }).stderr ?? '').trim().slice(-300)
    throw fault('configuration', `The Python at ${command} does not run${why ? `: ${why}` : '.'}`)
  }
}

async function requireVersion(command: string, specifier: string): Promise<void> {
  const version = await asked(command, 'import platform; print(platform.python_version())')
  if (satisfies(version, specifier)) return
  throw fault('configuration', `The script requires Python ${specifier}; ${command} is ${version}.`)
}

/** Version specifiers of PEP 440 as `requires-python` has them: comparisons of release numbers, all of which hold. */
export function satisfies(version: string, specifier: string): boolean {
  return specifier.split(',').every((part) => {
    const [, operator = '', wanted = '', any = ''] =
      /^\s*(>=|<=|==|!=|~=|>|<)\s*(\d+(?:\.\d+)*)(\.\*)?\s*$/.exec(part) ?? []
    if (operator === '') return false
    const order = compare(version, wanted)
    const within = (length: number) =>
      numbers(wanted)
        .slice(0, length)
        .every((number, index) => (numbers(version)[index] ?? 0) === number)
    switch (operator) {
      case '>=':
        return order >= 0
      case '<=':
        return order <= 0
      case '>':
        return order > 0
      case '<':
        return order < 0
      case '!=':
        return any ? !within(numbers(wanted).length) : order !== 0
      case '~=':
        return order >= 0 && within(numbers(wanted).length - 1)
      default:
        return any ? within(numbers(wanted).length) : order === 0
    }
  })
}

const numbers = (version: string) => version.split('.').map((part) => Number.parseInt(part, 10) || 0)

function compare(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)]
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

const provided = new Map<string, Promise<string>>()

/**
 * The interpreter of an environment that `uv` made for this code and keeps with it. Getting packages needs the
 * server's own settings (proxy, index); the script then runs without any of them.
 */
async function withDependencies(
  code: string,
  dependencies: readonly string[],
  { dataFolder }: ActivityOptions,
): Promise<Interpreter> {
  const uv = await findCommand('uv', process.env['PATH'] ?? '')
  if (!uv) {
    throw fault(
      'configuration',
      `The script declares dependencies (${dependencies.join(', ')}), and there is no uv on the PATH of this server ` +
        "to provide them: install uv, or install them into the project's .venv and take the declaration out.",
    )
  }
  const folder = join(dataFolder, 'cache', 'python')
  const file = join(folder, `${createHash('sha256').update(code).digest('hex')}.py`)
  let ready = provided.get(file)
  if (!ready) {
    ready = provide(uv, file, code, folder)
    ready.catch(() => provided.delete(file))
    provided.set(file, ready)
  }
  return { command: await ready, arguments: ['-X', 'utf8'], environment: unbuffered }
}

async function provide(uv: string, file: string, code: string, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  await writeFile(file, code, { mode: 0o600 })
  const run = async (...given: string[]) => {
    const options = { env: { ...process.env, UV_CACHE_DIR: join(folder, 'uv') }, timeout: 600_000 }
    try {
      return (await promisify(execFile)(uv, [...given, '--script', file], options)).stdout.trim()
    } catch (error) {
      const why = ((error as { stderr?: string }).stderr ?? '').trim().slice(-500)
      throw fault(
        'configuration',
        `The dependencies of the script cannot be provided: ${why || String(error)}`,
      )
    }
  }
  await run('sync', '--quiet')
  return run('python', 'find')
}
