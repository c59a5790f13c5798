import { expect, it } from 'vitest'
import { compareVersions, highest } from './versions.ts'

it('versions are in the order of Semantic Versioning 2.0.0, section 11', () => {
  const ordered = [
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.2.0',
    '1.10.0',
    '2.0.0',
  ]
  expect([...ordered].reverse().sort(compareVersions)).toEqual(ordered)
})

it('build metadata does not count', () => {
  expect(compareVersions('1.0.0+a', '1.0.0+b')).toBe(0)
})

it('of nothing, nothing is the highest', () => {
  expect(highest([])).toBeUndefined()
})
