import { existsSync, readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readSettings } from '../../config/index.ts'
import { openTerminal } from '../terminal.ts'
import { openFolder } from '../testing/command.ts'
import { openRebuilder } from './rebuild.ts'

const project = openFolder({
  'functions/built/1.0.0/function.yaml':
    'run: { shell: { command: ./function } }\nmetadata: { protocol: ndjson, build: "echo built >> out; cat main.go >&2; ! grep -q wrong main.go" }\n',
  'functions/built/1.0.0/main.go': 'first',
})
afterAll(() => project.remove())

test('in `dev` a function is built when its source has changed, and only then; a failure is said', async () => {
  const { settings } = await readSettings({ flags: { project: project.folder }, environment: {} })
  const said: string[] = []
  const terminal = { ...openTerminal(false), note: (text: string) => void said.push(text) }
  const rebuild = openRebuilder(settings, () => {}, terminal)
  const file = join(project.folder, 'functions/built/1.0.0/main.go')
  const builds = () =>
    readFileSync(join(project.folder, 'functions/built/1.0.0/out'), 'utf8').split('\n').length - 1

  await rebuild()
  await rebuild()
  expect(builds()).toBe(1)
  utimesSync(file, 1, 1)
  await rebuild()
  expect(builds()).toBe(2)
  project.write('functions/built/1.0.0/main.go', 'something wrong')
  await rebuild()
  expect(said.at(-1)).toContain('something wrong')
  expect(existsSync(file)).toBe(true)
})
