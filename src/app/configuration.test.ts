import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readProject } from '../project/index.ts'
import { configurationOf } from './configuration.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sluse-configuration-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const write = (file: string, text: string) => {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}
const connection = (url: string) =>
  `apiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata: { name: target }\nspec: { baseUrl: '${url}' }\n`

test('changes with what a connection says, and with nothing that all processes have from the database', async () => {
  const digest = async () => configurationOf(await readProject(folder))
  expect(await digest()).toBeUndefined()
  write('connections/target.yaml', connection('http://a.example.dk'))
  const before = await digest()
  expect(before).toMatch(/^[0-9a-f]{12}$/)
  write('pipelines/a.yaml', 'document: {}')
  expect(await digest()).toBe(before)
  write('connections/target.yaml', connection('http://b.example.dk'))
  expect(await digest()).not.toBe(before)
})
