import { expect, test } from 'vitest'
import { isRefusal } from './faults.ts'

const failure = (code: string) => Object.assign(new Error('it failed'), { code })

test.each([
  '28P01',
  '28000',
  '3D000',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'INVALID_CA',
])('%s is for whoever set the address to mend', (code) => {
  expect(isRefusal(failure(code))).toBe(true)
})

test.each(['ECONNREFUSED', 'ENOTFOUND', '57P03', '53300', 'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'])(
  '%s is over in a while',
  (code) => {
    expect(isRefusal(failure(code))).toBe(false)
  },
)
