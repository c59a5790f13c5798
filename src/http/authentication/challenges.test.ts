import { expect, test } from 'vitest'
import { readChallenges } from './challenges.ts'

test('a challenge is read with its parameters, quoted or not', () => {
  expect(
    readChallenges('Digest realm="a, \\"b\\"", qop="auth,auth-int", algorithm=SHA-256, stale=FALSE'),
  ).toEqual([
    {
      scheme: 'digest',
      parameters: { realm: 'a, "b"', qop: 'auth,auth-int', algorithm: 'SHA-256', stale: 'FALSE' },
    },
  ])
})

test('several challenges in one header are told apart', () => {
  const header =
    'Negotiate abc==, Basic realm="x", Digest realm="y", nonce="1",Digest realm="z", nonce="2", Bearer'
  expect(readChallenges(header).map(({ scheme, parameters }) => [scheme, parameters['realm']])).toEqual([
    ['negotiate', undefined],
    ['basic', 'x'],
    ['digest', 'y'],
    ['digest', 'z'],
    ['bearer', undefined],
  ])
})

test.each(['', ',,,', '"', 'Digest realm="open', '\u0000', '='.repeat(10_000), 'a '.repeat(10_000)])(
  'nonsense (%#) ends without an error',
  (header) => {
    expect(Array.isArray(readChallenges(header))).toBe(true)
  },
)
