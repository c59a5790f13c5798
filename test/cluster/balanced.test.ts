import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { en } from '../../console/src/texts/en.ts'
import { openProvider, type TestProvider } from '../../src/server/testing/open-provider.ts'
import { settled } from '../console/check-page.ts'
import { signInBy } from '../console/sign-in-by.ts'
import { browserMissing, useBrowser } from '../console/use-browser.ts'
import { hasS3Server, startS3, type S3Server } from '../servers/s3/index.ts'
import { hasTemporal } from '../servers/temporal/index.ts'
import { openBalancer, type Balancer } from './balancer.ts'
import { openInstallation, pushKey, type Installation } from './installation.ts'

const patience = { timeout: 30_000 }
const asked = `document: { dsl: '1.0.3', namespace: cluster, name: asked, version: '1.0.0' }
do:
  - ask: { call: 'approve:1.0.0@default', with: { title: Shall it be done?, approvers: { groups: [workers] } } }
  - after: { set: { done: true } }
`

describe.skipIf(!hasTemporal() || !hasS3Server() || browserMissing)(
  'processes that share no folder, two API servers behind a load balancer',
  () => {
    const browser = useBrowser()
    let balancer: Balancer
    let provider: TestProvider
    let bucket: S3Server
    let installation: Installation

    beforeAll(async () => {
      ;[balancer, provider, bucket] = await Promise.all([openBalancer(), openProvider(), startS3()])
      provider.trust(balancer.url)
      provider.accounts.set('anna', { name: 'Anna And', groups: ['workers'] })
      provider.accounts.set('otto', { name: 'Otto', groups: ['staff'] })
      installation = await openInstallation({
        apart: true,
        environment: {
          SLUSE_PUBLIC_URL: balancer.url,
          SLUSE_TRUSTED_PROXIES: '127.0.0.1',
          SLUSE_AUTH: 'oidc',
          SLUSE_OIDC_ISSUER: provider.issuer,
          SLUSE_OIDC_CLIENT_ID: provider.clientId,
          SLUSE_SECRET_oidcClientSecret: provider.clientSecret,
          SLUSE_ROLES: 'approver=workers@cluster,operator=staff',
          SLUSE_DATASETS: `s3://${bucket.bucket}/sluse`,
          AWS_ENDPOINT_URL: bucket.endpoint,
          AWS_REGION: 'us-east-1',
          AWS_ACCESS_KEY_ID: bucket.accessKey,
          AWS_SECRET_ACCESS_KEY: bucket.secretKey,
        },
      })
      writeFileSync(join(installation.project, 'pipelines', 'asked.yaml'), asked)
      writeFileSync(
        join(installation.folder, 'in.ndjson'),
        '{"id":1,"name":"Anna"}\n{"id":2,"name":"Otto"}\n',
      )
      await installation.query(
        'target',
        'CREATE TABLE people (id integer PRIMARY KEY, name text, twice integer)',
      )
      await installation.start()
      balancer.behind.push(...installation.apis.map(({ url }) => url))
    }, 120_000)
    afterAll(async () => {
      await installation?.close()
      await Promise.all([balancer?.close(), provider?.close(), bucket?.stop()])
    })

    /** Somebody whose program keeps cookies. */
    const staff = async () => {
      const otto = provider.browser('otto')
      expect(await (await otto.signIn(balancer.url)).json()).toMatchObject({ name: 'Otto' })
      const ask = async <T>(method: string, path: string, body?: unknown) => {
        const headers = { 'content-type': 'application/json', 'sluse-request': '1' }
        const sent = body === undefined ? {} : { body: JSON.stringify(body) }
        const answer = await otto.go(`${balancer.url}${path}`, { method, headers, ...sent })
        expect([answer.status, path]).toEqual([expect.toSatisfy((status: number) => status < 300), path])
        return (await answer.json()) as T
      }
      return {
        start: (name: string, input: object = {}) =>
          ask<{ id: string }>('POST', `/api/v1/pipelines/cluster/${name}/runs`, { input }),
        status: async (id: string) => (await ask<{ status: string }>('GET', `/api/v1/runs/${id}`)).status,
      }
    }

    test('who signs in at one is signed in at both, and decides in the console', async () => {
      const otto = await staff()
      const { id } = await otto.start('asked')
      const { page, context, faults } = await browser.open(`${balancer.url}/approvals`, {
        language: 'en',
        elsewhere: provider.issuer,
      })
      const back = `${balancer.url}/**`
      await signInBy(page, en['signIn.go'], { issuer: provider.issuer, account: 'anna', back })
      await page.getByRole('link', { name: 'Shall it be done?' }).click()
      await settled(page)
      await page.getByRole('radio', { name: en['decide.approved'], exact: true }).check()
      await page.getByRole('button', { name: en['decide.send'], exact: true }).click()
      await page.getByRole('heading', { name: en['approval.outcome.approved'] }).waitFor()
      await expect.poll(() => otto.status(id), patience).toBe('completed')
      expect(faults).toEqual([])
      await context.close()
    })

    test('what is pushed to either is delivered by a worker elsewhere, each push once', async () => {
      const numbers = Array.from({ length: 10 }, (_, n) => n)
      const push = (n: number) =>
        fetch(`${balancer.url}/in/intake`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'idempotency-key': `push-${n}`,
            'x-api-key': pushKey,
          },
          body: JSON.stringify({ id: n, value: n }),
        })
      // Each twice, at one server and at the other.
      const answers = await Promise.all([...numbers, ...numbers].map(push))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
      const delivered = () =>
        [...installation.systems.records.keys()].filter((path) => path.startsWith('/pushed/'))
      await expect
        .poll(() => new Set(delivered()), patience)
        .toEqual(new Set(numbers.map((n) => `/pushed/${n}`)))
      const counted = "SELECT count(*)::int AS count FROM runs WHERE name = 'received'"
      expect(await installation.query('sluse', counted)).toEqual([{ count: numbers.length }])
    })

    test('a transfer goes from worker to worker by way of the bucket', async () => {
      const otto = await staff()
      const { id } = await otto.start('move')
      await expect.poll(() => otto.status(id), patience).toBe('completed')
      expect(await installation.query('target', 'SELECT * FROM people ORDER BY id')).toEqual([
        { id: 1, name: 'Anna', twice: 2 },
        { id: 2, name: 'Otto', twice: 4 },
      ])
    })

    test('both servers had their part in that', () => {
      const all = installation.apis.map(({ url }) => balancer.sent.get(url) ?? 0)
      expect(Math.min(...all)).toBeGreaterThan(20)
    })
  },
)
