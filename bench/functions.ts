/**
 * Records a second through a function in Python, in Go and in TypeScript, at several processes at once, beside a bare
 * pipe to as many of the same program: what is written is what is read, and nothing is parsed on this side.
 */
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { createActivityRunner } from '../src/activities/index.ts'

const records = Array.from({ length: 40_000 }, (_, n) => ({
  name: `Søren Nr. ${n}`,
  street: 'Storegade 1',
  n,
}))
const batchSize = 1000
const concurrencies = [1, 2, 8]

/** The same program as Sluse starts it, without Sluse. */
const bare: { readonly [language: string]: readonly [command: string, ...given: string[]] } = {
  python: ['python3', 'main.py'],
  go: ['./function'],
  typescript: ['node', 'bare.mjs'],
}

export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluse-bench-'))
  try {
    for (const language of Object.keys(bare)) {
      try {
        await measure(language, folder)
      } catch (error) {
        console.log(`${language}: not measured: ${String(error).split('\n')[0]}`)
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(language: string, project: string): Promise<void> {
  for (const concurrency of concurrencies) {
    const folder = join(project, 'functions', `${language}-${concurrency}`, '1.0.0')
    cpSync(join(packageFolder(), 'templates/functions', language), folder, { recursive: true })
    const yaml = join(folder, 'function.yaml')
    // Without schemas: what they cost is measured with expressions and data.
    const text = readFileSync(yaml, 'utf8').replace(/^input:[\s\S]*?(?=^run:)/m, '')
    writeFileSync(yaml, text.replace('protocol:', `pool: ${concurrency}\n  protocol:`))
    if (language === 'go') execFileSync('go', ['build', '-o', 'function', '.'], { cwd: folder })
    if (language === 'typescript') writeFileSync(join(folder, 'bare.mjs'), bareModule)

    const through = await functionRate(project, `${language}-${concurrency}`, concurrency)
    const pipe = await pipeRate(bare[language] ?? [''], folder, concurrency)
    const shown = (rate: number) => Math.round(rate).toLocaleString('en')
    console.log(
      `${language}, ${concurrency} at once: ${shown(through)} records/s; a bare pipe: ${shown(pipe)}/s; ratio ${(through / pipe).toPrecision(2)}`,
    )
  }
}

/** Batches as a transfer gives them, two for each process under way, once all processes have started. */
async function functionRate(project: string, name: string, concurrency: number): Promise<number> {
  const activities = createActivityRunner({ projectFolder: project, dataFolder: join(project, '.sluse') })
  const context = { runId: name, key: '/bench', secrets: {}, signal: new AbortController().signal }
  const call = (from: number) =>
    activities.functions.call({ name, version: '1.0.0' }, records.slice(from, from + batchSize), context)
  const round = async () => {
    let next = 0
    const work = async () => {
      for (let from = next; from < records.length; from = next) {
        next += batchSize
        const outcomes = await call(from)
        if (outcomes.some((outcome) => 'refused' in outcome)) throw new Error('A record was refused.')
      }
    }
    const began = performance.now()
    await Promise.all(Array.from({ length: 2 * concurrency }, work))
    return records.length / ((performance.now() - began) / 1000)
  }
  try {
    // Those of the bare pipe have all started, too, before it is measured.
    await round()
    await round()
    return await round()
  } finally {
    await activities.close()
  }
}

async function pipeRate(
  [command, ...given]: readonly [string, ...string[]],
  folder: string,
  concurrency: number,
): Promise<number> {
  const children = Array.from({ length: concurrency }, () =>
    spawn(command, given, { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] }),
  )
  const share = Math.ceil(records.length / concurrency)
  const through = (index: number, lines: readonly object[]) =>
    new Promise<void>((resolve, reject) => {
      const child = children[index]
      if (!child) return reject(new Error('There is no such process.'))
      let left = lines.length
      const take = (chunk: Buffer) => {
        for (const byte of chunk) if (byte === 10) left -= 1
        if (left > 0) return
        child.stdout.off('data', take)
        resolve()
      }
      child.stdout.on('data', take)
      child.once('error', reject)
      child.stdin.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    })
  await Promise.all(children.map((_, index) => through(index, records.slice(0, 100))))
  const began = performance.now()
  await Promise.all(
    children.map((_, index) => through(index, records.slice(index * share, (index + 1) * share))),
  )
  const seconds = (performance.now() - began) / 1000
  for (const child of children) child.stdin.end()
  return records.length / seconds
}

/** What the template's `main.ts` does, with the types already gone. */
const bareModule = `import { createInterface } from 'node:readline'
const greet = (name) => ({ name, message: \`Goddag, \${name}.\` })
const handle = (record) => record.names ? record.names.map(greet) : record.name !== undefined ? greet(record.name) : { error: 'no name' }
for await (const line of createInterface({ input: process.stdin })) process.stdout.write(JSON.stringify(handle(JSON.parse(line))) + '\\n')
`

/** Where `package.json` is, from wherever this was compiled to. */
function packageFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    try {
      readFileSync(join(folder, 'package.json'))
      return folder
    } catch {
      if (folder === dirname(folder)) throw new Error('There is no package.json.')
    }
  }
}
