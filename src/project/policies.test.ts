import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readPolicies, readProject } from './index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluse-policies-'))
  mkdirSync(join(folder, 'policies'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const write = (text: string) => writeFileSync(join(folder, 'policies', 'resiliency.yaml'), text)

describe('the policies of a project', () => {
  it('are read', async () => {
    write(`apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata: { name: all }
spec:
  policies: { timeouts: { DefaultTimeoutPolicy: 5s } }
  targets: {}
`)
    expect((await readPolicies(folder))[0]?.timeouts.get('DefaultTimeoutPolicy')).toBe(5000)
    expect((await readProject(folder)).findings).toEqual([])
  })

  it('have findings with line and pointer', async () => {
    write(`apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata: { name: all }
spec:
  policies:
    timeouts:
      general: soon
  targets: {}
`)
    expect((await readProject(folder)).findings).toMatchObject([
      { code: 'SLUSE-PROJECT-POLICY', line: 7, column: 16, pointer: '/spec/policies/timeouts/general' },
    ])
  })

  it('do not unfold a bomb of aliases', async () => {
    const levels = Array.from(
      { length: 9 },
      (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(', ')}]`,
    )
    write(`apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata: { name: all }
a0: &a0 [x]
${levels.join('\n')}
spec: *a9
`)
    expect((await readProject(folder)).findings.length).toBeGreaterThan(0)
  })
})

describe('a call that is tried again twice over', () => {
  const files = (pipeline: string, policies: string) => {
    mkdirSync(join(folder, 'pipelines'), { recursive: true })
    mkdirSync(join(folder, 'connections'), { recursive: true })
    writeFileSync(
      join(folder, 'connections', 'finance.yaml'),
      `apiVersion: dapr.io/v1alpha1
kind: HTTPEndpoint
metadata: { name: finance }
spec: { baseUrl: 'https://finance.example.dk/api' }
`,
    )
    write(`apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata: { name: all }
spec:
${policies}
`)
    writeFileSync(
      join(folder, 'pipelines', 'a.yaml'),
      `document: { dsl: '1.0.3', namespace: test, name: a, version: '1.0.0' }
do:
${pipeline}
`,
    )
  }
  const tried = (uri: string, clause = '{ retry: { limit: { attempt: { count: 3 } } } }') => `  - deliver:
      try:
        - send: { call: http, with: { method: put, endpoint: '${uri}' } }
      catch: ${clause}`
  const policy = (retry: string) => `  policies: { retries: { often: ${retry} } }
  targets: { apps: { finance: { retry: often } } }`

  it('is warned of, with how often', async () => {
    files(tried('https://finance.example.dk/api/postings/{id}'), policy('{ maxRetries: 4 }'))
    expect((await readProject(folder)).findings).toMatchObject([
      {
        severity: 'warning',
        code: 'SLUSE-PROJECT-RETRIES',
        pointer: '/do/0/deliver/try/0/send',
        line: 5,
        message:
          'The policy often makes this call up to 5 times in each of up to 4 attempts of the `try` around it: up to 20 calls in all.',
      },
    ])
  })

  it.each([
    ['another target', tried('https://other.example.dk/api'), policy('{ maxRetries: 4 }')],
    ['a policy without retries', tried('https://finance.example.dk/api'), policy('{ maxRetries: 0 }')],
    [
      'a catch without retry',
      tried('https://finance.example.dk/api', '{ as: error }'),
      policy('{ maxRetries: 4 }'),
    ],
  ])('is not seen where there is %s', async (_, pipeline, policies) => {
    files(pipeline, policies)
    expect((await readProject(folder)).findings).toEqual([])
  })
})

describe('the annotations of a connection', () => {
  it('that are wrong are findings at their place', async () => {
    mkdirSync(join(folder, 'connections'))
    writeFileSync(
      join(folder, 'connections', 'finance.yaml'),
      `apiVersion: dapr.io/v1alpha1
kind: HTTPEndpoint
metadata:
  name: finance
  annotations:
    sluse/max-concurrent: many
spec: { baseUrl: 'https://finance.example.dk' }
`,
    )
    expect((await readProject(folder)).findings).toMatchObject([
      { severity: 'error', code: 'SLUSE-PROJECT-ANNOTATION', line: 6 },
    ])
  })
})
