import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { CloudEvent, Json, Problem } from '../../src/workflow/index.ts'
import { program } from '../program.ts'
import type { Internet } from '../servers/internet/index.ts'
import type { Ended, Given, Runner } from './runner.ts'

/** Runs each definition as `sluse run` in a process and a folder of its own. */
export async function openCliRunner(
  internet: Internet,
  environment: NodeJS.ProcessEnv = {},
): Promise<Runner> {
  return {
    name: 'cli',
    run: async (given) => {
      const folder = mkdtempSync(join(tmpdir(), 'sluse-cli-'))
      try {
        return await runIn(folder, given, internet, environment)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
    close: async () => {},
  }
}

async function runIn(
  folder: string,
  given: Given,
  internet: Internet,
  environment: NodeJS.ProcessEnv,
): Promise<Ended> {
  const write = (name: string, content: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
    return name
  }
  const lines = (events: readonly CloudEvent[]) =>
    events.map((event) => `${JSON.stringify(event)}\n`).join('')
  for (const [name, content] of Object.entries(given.files ?? {})) write(name, content)
  const child = spawn(
    process.execPath,
    [
      program,
      'run',
      write('definition.yaml', given.definition),
      ...(given.input === undefined
        ? []
        : ['--input', `@${write('input.json', JSON.stringify(given.input))}`]),
      ...(given.secrets ? ['--secrets', write('secrets.json', JSON.stringify(given.secrets))] : []),
      ...(given.others ?? []).flatMap((text, index) => ['--with', write(`other-${index}.yaml`, text)]),
      ...(given.events ? ['--events', write('events.ndjson', lines(given.events))] : []),
      '--emitted',
      'emitted.ndjson',
      '--lifecycle',
      'lifecycle.ndjson',
    ],
    { cwd: folder, env: { ...process.env, ...internet.environment, ...environment } },
  )
  const closed = new Promise<number | null>((done) => child.on('close', done))
  const out = text(child.stdout)
  const err = text(child.stderr)
  void given.cancelWhen?.(internet).then(() => child.kill('SIGINT'))
  const code = await closed

  const events = (name: string) => readLines(join(folder, name))
  const record = { lifecycle: events('lifecycle.ndjson'), emitted: events('emitted.ndjson') }
  switch (code) {
    case 0:
      return { status: 'completed', output: JSON.parse(await out) as Json, ...record }
    case 1:
      return { status: 'faulted', error: JSON.parse(await out) as Problem, ...record }
    case 2:
      return { status: 'invalid', findings: (await err) + (await out), ...record }
    case 130:
      return { status: 'cancelled', ...record }
    default:
      throw new Error(`sluse run ended with ${code}: ${await err}${await out}`)
  }
}

async function text(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function readLines(file: string): CloudEvent[] {
  let content = ''
  try {
    content = readFileSync(file, 'utf8')
  } catch {
    // A definition that is not valid leaves no events behind.
  }
  return content
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as CloudEvent)
}
