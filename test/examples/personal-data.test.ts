import { spawn, type ChildProcess } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { program } from '../program.ts'
import { freePort } from '../servers/free-port.ts'
import { findIn } from './search-stores.ts'

/** Every example but that of nightly payments, whose own test does the same with its servers. */
const examples = fileURLToPath(new URL('../../examples', import.meta.url))
/** Days in 2050 to 2052 and a check digit that does not fit: nobody has them. */
const cprNumber = /\b(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}[5-9]\d{3}\b/g

let folder: string
let systems: ChildProcess | undefined
let told = ''
afterEach(async () => {
  if (systems && systems.exitCode === null) {
    systems.kill()
    await ended(systems)
  }
  systems = undefined
  told = ''
  rmSync(folder, { recursive: true, force: true })
})

describe('of the personal data of an example nothing is left in clear', () => {
  it('by the extract of a register, which masks it', async () => {
    await prepare('register-extract')
    const numbers = numbersIn('project/extract/citizens.csv')
    expect(numbers).toHaveLength(4)
    await run('register-extract')
    expect(findIn(join(folder, 'project/out'), numbers)).toEqual([])
    expectNothingOf(numbers)
  })

  it("by the vendor's trips, whose passengers are encrypted until they are delivered", async () => {
    await prepare('vendor-trips')
    const numbers = numbersIn('project/systems/main.mjs')
    expect(numbers).toHaveLength(2)
    await run('vendor-trips', { SLUSE_SECRET_FLEET_SECRET: 'sample' })
    expect(findIn(join(folder, 'project/out'), numbers)).toHaveLength(2)
    expectNothingOf(numbers)
  })

  it('by the routing of messages, where one of them cannot be read', async () => {
    await prepare('message-routing')
    const inbox = join(folder, 'project/inbox')
    const receipts = readFileSync(join(inbox, 'receipts.xml'), 'utf8')
    const cut = receipts.slice(0, receipts.lastIndexOf('</PKO_PostStatus>'))
    writeFileSync(join(inbox, 'cut.xml'), cut.replaceAll('Digital Post', '0101505006'))
    await run('message-routing', {}, 1)
    expectNothingOf(['0101505006'])
  })

  it("by a citizen's form, nor of the secret that it is delivered with", async () => {
    await prepare('association-grants')
    const form = readFileSync(join(folder, 'project/samples/kor.json'), 'utf8')
    const event = {
      specversion: '1.0',
      id: 'kor',
      source: '/andeby/forms',
      data: JSON.parse(form) as unknown,
    }
    const type = 'dk.andeby.form.grant-application.submitted'
    writeFileSync(join(folder, 'event.json'), JSON.stringify([{ ...event, type }]))
    const words = [
      '--input',
      `@${join(folder, 'event.json')}`,
      '--secrets',
      join(folder, 'project/sample-secrets.json'),
    ]
    await run('grant-application', {}, 0, words)
    expect(findIn(join(folder, 'data'), ['andeby-case-system'])).toEqual([])
    expect(told).not.toContain('andeby-case-system')
  })
})

/** A copy of the example, its systems running, all on a port of their own. */
async function prepare(example: string): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), `sluse-example-${example}-`))
  const project = join(folder, 'project')
  cpSync(join(examples, example), project, {
    recursive: true,
    filter: (path) => !/\/(?:\.sluse|out)$/.test(path),
  })
  const port = String(await freePort())
  for (const name of readdirSync(project, { recursive: true, encoding: 'utf8' })) {
    if (!/(?:pipelines|connections)\/[^/]+\.yaml$/.test(name)) continue
    const text = readFileSync(join(project, name), 'utf8')
    writeFileSync(join(project, name), text.replace(/127\.0\.0\.1:809\d/g, `127.0.0.1:${port}`))
  }
  if (!readdirSync(project).includes('systems')) return
  const started = spawn(process.execPath, [join(project, 'systems/main.mjs')], {
    env: { ...process.env, PORT: port },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  systems = started
  await new Promise((resolve) => started.stdout?.once('data', resolve))
}

/** As a person does it, with all that can be logged; what it tells is gathered in `told`. */
async function run(
  pipeline: string,
  environment: { [name: string]: string } = {},
  code = 0,
  words: readonly string[] = [],
): Promise<void> {
  const data = join(folder, 'data')
  const all = [program, 'run', pipeline, '--output', 'json', '--data', data, '--log-level', 'debug', ...words]
  const child = spawn(process.execPath, all, {
    cwd: join(folder, 'project'),
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (told += text))
  }
  expect(await ended(child), told).toBe(code)
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve))
}

function numbersIn(file: string): string[] {
  return [...new Set(readFileSync(join(folder, file), 'utf8').match(cprNumber))]
}

function expectNothingOf(numbers: readonly string[]): void {
  // That it is looked at what is really there: the name of the pipeline is.
  expect(findIn(join(folder, 'data'), ['andeby'])).not.toEqual([])
  expect(findIn(join(folder, 'data'), numbers)).toEqual([])
  expect(numbers.filter((number) => told.includes(number))).toEqual([])
}
