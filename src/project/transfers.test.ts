import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readProject } from './index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluse-project-transfers-'))
  write('connections/all.yaml', connections)
})
afterEach(() => rmSync(folder, { recursive: true }))

const connections = `apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: files }
spec: { type: bindings.localstorage, version: v1, metadata: [{ name: rootPath, value: files }] }
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: economy }
spec:
  type: bindings.postgresql
  version: v1
  metadata: [{ name: connectionString, secretKeyRef: { name: economy } }]
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: api }
spec: { type: bindings.http, version: v1, metadata: [{ name: url, value: 'http://127.0.0.1:1/' }] }
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: mail }
spec:
  type: bindings.smtp
  version: v1
  metadata:
    - { name: host, value: 127.0.0.1 }
    - { name: emailFrom, value: a@example.dk }
    - { name: emailTo, value: b@example.dk }
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: vault }
spec: { type: secretstores.local.env, version: v1 }
`

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}

/** The arguments begin in line 6, column 9. */
const pipeline = (
  args: string,
  more = '',
) => `document: { dsl: '1.0.3', namespace: test, name: a, version: '1.0.0' }
do:
  - move:
      call: transfer:1.0.0@default
      with:
${args.replace(/^/gm, '        ')}
${more}`

const all = async () => (await readProject(folder)).findings
const complaints = async (args: string, more = '') => {
  write('pipelines/a.yaml', pipeline(args, more))
  return (await all()).map(({ code, pointer, message }) => {
    expect(code).toBe('SLUSE-PROJECT-TRANSFER')
    return `${pointer.replace('/do/0/move/with', '')}: ${message}`
  })
}
const from = 'from: { connection: files, path: in.csv }\n'
const to = 'to: [{ connection: files, path: out.csv }]\n'

describe('a transfer of a project', () => {
  test('that asks for what there is has no finding', async () => {
    expect(
      await complaints(`from: { connection: files, path: in.csv, csv: { delimiter: ';' } }
through: [{ filter: .a }, { map: '{ a }' }, { validate: { document: { type: object } } }]
to:
  - { connection: files, path: out.ndjson }
  - { connection: economy, table: a, mode: upsert, key: [a], through: [{ filter: .b }] }
`),
    ).toEqual([])
  })

  test('that names no connection is told with its place, and what to do', async () => {
    write('pipelines/a.yaml', pipeline(`from: { connection: flies, path: in.csv }\n${to}`))
    expect(await all()).toEqual([
      {
        severity: 'error',
        code: 'SLUSE-PROJECT-TRANSFER',
        message: 'There is no connection "flies".',
        todo: 'Name one of: files, economy, api, mail; or declare another in connections/.',
        file: 'pipelines/a.yaml',
        line: 6,
        column: 17,
        pointer: '/do/0/move/with/from/connection',
      },
    ])
  })

  test('can neither read from what is no source, nor write to a secret store', async () => {
    expect(await complaints('from: { connection: mail }\nto: [{ connection: vault }]\n')).toEqual([
      '/from/connection: Nothing can be read from the connection mail: bindings.smtp is no source.',
      '/to/0/connection: There is no connection "vault".',
    ])
  })

  test('has options that its connections know, of the right form', async () => {
    const found = await complaints(`from: { connection: files, path: 7, colour: red }
to: [{ connection: economy, tabel: payments }]
`)
    expect(found).toEqual([
      expect.stringContaining('/from/path: path of files as a source must be string'),
      '/from/colour: files as a source has no option "colour".',
      expect.stringContaining("/to/0: economy as a target must have required property 'table'"),
      '/to/0/tabel: economy as a target has no option "tabel".',
    ])
  })

  test('has modes that its targets can, and a key for upsert', async () => {
    expect(
      await complaints(`${from}to:
  - { connection: files, path: out.csv, mode: upsert, key: [a] }
  - { connection: economy, table: a, mode: upsert }
`),
    ).toEqual([
      '/to/0/mode: The connection files (bindings.localstorage) cannot upsert.',
      '/to/1/mode: With `mode: upsert` it must be said which members of a record are its key.',
    ])
  })

  test('has steps whose jq is valid and whose functions there are, and pure ones for one target', async () => {
    write('functions/known/1.0.0/function.yaml', 'set: { a: 1 }\n')
    const found = await complaints(`${from}through:
  - map: '{ a: ('
  - filter: nothing_of_this_name
  - call: known:1.0.0
  - call: unknown:1.0.0@default
  - validate: { resource: { endpoint: 'https://example.dk/schema.json' } }
to: [{ connection: files, path: out.csv, through: [{ deduplicate: .a }] }]
`)
    expect(found).toEqual([
      expect.stringContaining('/through/0/map: The jq of a step is not valid'),
      expect.stringContaining('/through/1/filter: The jq of a step is not valid'),
      '/through/3/call: The project has no function unknown:1.0.0.',
      '/through/4/validate: The schema of a step cannot be fetched from elsewhere.',
      '/to/0/through/0/deduplicate: The steps of one target cannot deduplicate.',
    ])
  })

  test('has options of jq that is valid, and jq that is none is told at its place', async () => {
    const found = await complaints(`from:
  connection: api
  items: '.trips['
  pagination: { cursor: { next: '.next |' } }
  incremental: { parameter: since, value: .changed }
  confirm: { path: done, id: .id, body: '{ids: }' }
to: [{ connection: api, body: nothing_of_this_name, accepted: '.body.ok == true' }]
`)
    expect(found).toEqual([
      expect.stringMatching(/^\/from\/items: `items` is not valid jq: /),
      expect.stringMatching(/^\/from\/pagination\/cursor\/next: `pagination.cursor.next` is not valid jq: /),
      expect.stringMatching(/^\/from\/confirm\/body: `confirm.body` is not valid jq: /),
      expect.stringMatching(/^\/to\/0\/body: `body` is not valid jq: /),
    ])
  })

  test('has options that are texts, and one that looks like jq is warned of where nothing else is meant', async () => {
    write(
      'pipelines/a.yaml',
      pipeline(`from: { connection: files, path: .file, done: { mark: .done } }\n${to}`),
    )
    expect(await all()).toMatchObject([
      {
        severity: 'warning',
        pointer: '/do/0/move/with/from/path',
        line: 6,
        todo: expect.stringContaining('${ .file }'),
      },
    ])
  })

  test('has steps whose JSON Schemas compile', async () => {
    write('pipelines/a.yaml', pipeline(`${from}through: [{ validate: { document: { type: none } } }]\n${to}`))
    expect(await all()).toMatchObject([{ code: 'SLUSE-DEFINITION-JSON-SCHEMA', line: 7 }])
  })

  test('reads from either a connection or a dataset, and gives its targets names of their own', async () => {
    const two = 'to: [{ connection: files, path: a.csv }, { connection: files, path: b.csv }]\n'
    expect(await complaints(`from: { dataset: yesterday }\n${two}`)).toEqual([
      '/from/dataset: "yesterday" is not the URI of a dataset.',
      '/to/1: There are two targets called files.',
    ])
    expect(await complaints(`from: { path: in.csv }\n${to}`)).toEqual([
      '/from: It has a `connection` or a `dataset`, and not both.',
    ])
  })

  test('is left to run time where an expression says it, and is still checked beside it', async () => {
    expect(
      await complaints(`from: { connection: '\${ .where }', path: 7 }
to:
  - { connection: '\${ .target }', colour: red }
  - { connection: economy, table: '\${ .table }', colour: red }
  - { connection: files, name: other, path: '\${ .path }', csv: { delimiter: '\${ .delimiter }' } }
`),
    ).toEqual(['/to/1/colour: economy as a target has no option "colour".'])
  })

  test('in loose mode may have any text be an expression', async () => {
    const more = 'evaluate: { mode: loose }\n'
    expect(await complaints(`from: { connection: .where, path: .path }\n${to}`, more)).toEqual([])
  })

  test('is found wherever a task can stand, also in a function, and not in data', async () => {
    const call =
      '{ call: transfer:1.0.0@default, with: { from: { connection: none }, to: [{ connection: files, path: a }] } }'
    write('functions/f/1.0.0/function.yaml', `do:\n  - inner: ${call}\n`)
    write(
      'pipelines/a.yaml',
      `document: { dsl: '1.0.3', namespace: test, name: a, version: '1.0.0' }
do:
  - data: { set: ${call} }
  - set:
      try:
        - inner: ${call}
      catch: { do: [{ again: ${call} }] }
`,
    )
    expect((await all()).map(({ file, line, code }) => `${code} ${file}:${line}`)).toEqual([
      'SLUSE-PROJECT-TRANSFER functions/f/1.0.0/function.yaml:2',
      'SLUSE-PROJECT-TRANSFER pipelines/a.yaml:6',
      'SLUSE-PROJECT-TRANSFER pipelines/a.yaml:7',
    ])
  })

  test('does not complain once more of a connection that has an error of its own', async () => {
    write(
      'connections/broken.yaml',
      'apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: { name: broken }\nspec: { type: middleware.none, version: v1 }\n',
    )
    write('pipelines/a.yaml', pipeline(`from: { connection: broken }\n${to}`))
    expect((await all()).map(({ code }) => code)).toEqual(['SLUSE-PROJECT-CONNECTION'])
  })
})

const examples = fileURLToPath(new URL('../../examples', import.meta.url))

test.each(readdirSync(examples))('the example %s has no finding', async (name) => {
  expect((await readProject(join(examples, name))).findings).toEqual([])
})
