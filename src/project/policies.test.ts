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
