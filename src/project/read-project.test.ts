import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readProject } from './index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluse-project-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (files: { [file: string]: string | Uint8Array }) => {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), content)
  }
}
const definition = (name: string, tasks = '- a: { set: { x: 1 } }', version = '1.0.0') =>
  `document: { dsl: '1.0.3', namespace: test, name: ${name}, version: '${version}' }\ndo:\n  ${tasks}\n`
const findings = async () =>
  (await readProject(folder)).findings.map(
    ({ severity, code, file, line }) => `${severity} ${code} ${file}:${line}`,
  )

describe('a project', () => {
  test('is all of its folders, and nothing else', async () => {
    write({
      'pipelines/a.yaml': definition('a'),
      'pipelines/deep/b.yml': definition('b'),
      'pipelines/c.json': JSON.stringify({
        document: { dsl: '1.0.3', namespace: 'test', name: 'c', version: '1.0.0' },
        do: [{ a: { set: { x: 1 } } }],
      }),
      'pipelines/a.test.yaml': 'tests: []',
      'pipelines/readme.txt': 'no',
      'pipelines/.hidden.yaml': 'no: [',
      'connections/form.yaml':
        'apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: { name: form }\nspec: { type: bindings.localstorage, version: v1, metadata: [{ name: rootPath, value: in }] }\n---\napiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata: { name: cases }\nspec: { baseUrl: https://cases.example.dk }\n',
      'policies/calm.yaml':
        'apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: { name: calm }\nspec: { policies: {}, targets: {} }\n',
      'functions/double/1.0.0/function.yaml': 'set: { x: 2 }\n',
    })
    const project = await readProject(folder)
    expect(project.findings).toEqual([])
    expect(project.definitions.map((each) => each.reference.name)).toEqual(['a', 'c', 'b'])
    expect(project.connections.map((each) => each.name)).toEqual(['form', 'cases'])
    expect(project.policies).toMatchObject([{ kind: 'Resiliency', name: 'calm', file: 'policies/calm.yaml' }])
    expect(project.functions).toEqual(['double:1.0.0'])
    expect(project.tests).toEqual(['pipelines/a.test.yaml'])
  })

  test('tells the findings of all files at once', async () => {
    write({
      'pipelines/a.yaml': definition('a', '- a: { sit: 1 }'),
      'pipelines/b.yaml': 'x: [',
      'pipelines/c.yaml': Uint8Array.of(0xff, 0xfe, 0x00),
      'connections/d.yaml': 'kind: Component\n',
      'policies/e.yaml': 'a: [\n',
      'functions/f/1/function.yaml': 'nonsense: true\n',
    })
    const found = await findings()
    for (const file of [
      'pipelines/a',
      'pipelines/b',
      'pipelines/c',
      'connections/d',
      'policies/e',
      'functions/f/1/f',
    ]) {
      expect(
        found.filter((each) => each.includes(` ${file}`)),
        file,
      ).not.toEqual([])
    }
  })

  test('defines a version once', async () => {
    write({
      'pipelines/a.yaml': definition('a'),
      'pipelines/b.yaml': definition('a'),
      'pipelines/c.yaml': definition('a', undefined, '1.1.0'),
    })
    expect(await findings()).toEqual(['error SLUSE-PROJECT-DUPLICATE pipelines/b.yaml:1'])
  })

  test('has every workflow that it runs, unless that is of another namespace', async () => {
    const run = (namespace: string, name: string) =>
      `- input: { run: { workflow: { namespace: ${namespace}, name: ${name}, version: '1.0.0' } } }`
    write({
      'pipelines/a.yaml': definition('a', run('test', 'b')),
      'pipelines/b.yaml': definition('b', run('test', 'missing')),
      'pipelines/c.yaml': definition('c', run('elsewhere', 'theirs')),
      'pipelines/d.yaml': definition(
        'd',
        '- a: { set: { run: { workflow: { namespace: test, name: data } } } }',
      ),
    })
    expect(await findings()).toEqual([
      'error SLUSE-PROJECT-WORKFLOW pipelines/b.yaml:3',
      'warning SLUSE-PROJECT-WORKFLOW pipelines/c.yaml:3',
    ])
  })

  test('has every function that it calls from its catalog', async () => {
    write({
      'pipelines/a.yaml': definition(
        'a',
        "- a: { call: 'double:1.0.0@default' }\n  - b: { call: 'halve:1.0.0@default' }",
      ),
      'functions/double/1.0.0/function.yaml': 'set: { x: 2 }\n',
    })
    expect(await findings()).toEqual(['error SLUSE-DEFINITION-CALL pipelines/a.yaml:4'])
  })

  test('follows no link out of its folder', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'sluse-outside-'))
    try {
      writeFileSync(join(outside, 'x.yaml'), definition('x'))
      write({ 'shared/in.yaml': definition('in') })
      mkdirSync(join(folder, 'pipelines'))
      symlinkSync(join(outside, 'x.yaml'), join(folder, 'pipelines', 'x.yaml'))
      symlinkSync(outside, join(folder, 'pipelines', 'all'))
      symlinkSync('../shared/in.yaml', join(folder, 'pipelines', 'in.yaml'))
      symlinkSync('..', join(folder, 'pipelines', 'around'))
      const project = await readProject(folder)
      expect(project.definitions.map((each) => each.reference.name)).toEqual(['in'])
      expect(project.findings.map((each) => `${each.code} ${each.file}`)).toEqual([
        'SLUSE-PROJECT-SYMLINK pipelines/all',
        'SLUSE-PROJECT-SYMLINK pipelines/around',
        'SLUSE-PROJECT-SYMLINK pipelines/x.yaml',
      ])
    } finally {
      rmSync(outside, { recursive: true })
    }
  })

  test('reads a folder once, however many links lead to it', async () => {
    write({ 'shared/in.yaml': definition('in'), 'pipelines/inner/own.yaml': definition('own') })
    symlinkSync('../shared', join(folder, 'pipelines', 'first'))
    symlinkSync('../shared', join(folder, 'pipelines', 'second'))
    symlinkSync('..', join(folder, 'pipelines', 'inner', 'up'))
    const project = await readProject(folder)
    expect(project.definitions.map((each) => each.reference.name)).toEqual(['in', 'own'])
    expect(project.findings).toEqual([])
  })

  test('a folder that is not there is an error, an empty one is not', async () => {
    await expect(readProject(join(folder, 'none'))).rejects.toMatchObject({ code: 'SLUSE-PROJECT' })
    expect((await readProject(folder)).definitions).toEqual([])
  })
})
