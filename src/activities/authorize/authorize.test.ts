import { expect, test } from 'vitest'
import { faultOf } from '../../http/testing/index.ts'
import type { Json } from '../../workflow/index.ts'
import { activityContext } from '../testing/index.ts'
import { authorize } from './index.ts'

const resolve = (policy: Json, secrets = {}) =>
  authorize({ dataFolder: '/nowhere' }).run(policy, activityContext({ secrets }))

test('a policy is resolved to a scheme and its parameter', async () => {
  expect(await resolve({ basic: { username: 'Aladdin', password: 'open sesame' } })).toEqual({
    scheme: 'Basic',
    parameter: 'QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
  })
  expect(await resolve({ bearer: { use: 's' } }, { s: { token: 'tok' } })).toEqual({
    scheme: 'Bearer',
    parameter: 'tok',
  })
})

test('of digest, what is known before the challenge', async () => {
  expect(await resolve({ digest: { username: 'u', password: 'p' } })).toEqual({
    scheme: 'Digest',
    parameter: 'username="u"',
  })
})

test('a policy that is none is a configuration fault', async () => {
  expect((await faultOf(resolve({}))).type).toMatch(/configuration$/)
})
