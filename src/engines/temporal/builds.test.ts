import { describe, expect, it } from 'vitest'
import { buildOf, buildsPresent, deploymentOf, newest } from './builds.ts'

describe('a build', () => {
  it('is the version of the product and what runs in the sandbox', () => {
    expect(buildOf('1.2.0', 'a')).toMatch(/^1\.2\.0\+[0-9a-f]{12}$/)
    expect(buildOf('1.2.0', 'a')).toBe(buildOf('1.2.0', 'a'))
    expect(buildOf('1.2.0', 'b')).not.toBe(buildOf('1.2.0', 'a'))
  })

  it('belongs to a deployment whose name Temporal allows', () => {
    expect(deploymentOf('sluse.prod:1')).toBe('sluse-prod-1')
  })
})

describe('the build on which new runs begin', () => {
  const since = new Map([
    ['1.0.0+a', 3],
    ['1.1.0+b', 1],
    ['1.1.0+c', 2],
    ['1.10.0+d', 0],
  ])

  it('is the one of the highest version', () => {
    expect(newest(['1.10.0+d', '1.0.0+a', '1.1.0+b'], since)).toBe('1.10.0+d')
  })

  it('is the one that came last, of those of one version: an old worker that starts again takes nothing over', () => {
    expect(newest(['1.1.0+c', '1.1.0+b'], since)).toBe('1.1.0+c')
    expect(newest(['1.1.0+b', '1.1.0+c'], since)).toBe('1.1.0+c')
  })

  it('is one that Temporal knows', () => {
    expect(newest(['2.0.0+x', '1.0.0+a'], since)).toBe('1.0.0+a')
    expect(newest(['2.0.0+x'], since)).toBeUndefined()
  })
})

it('builds that are present are those of workers that live, for the same task queue', () => {
  const living = [
    { build: '1.1.0+b', taskQueue: 'ours' },
    { build: '1.0.0+a', taskQueue: 'ours' },
    { build: '1.1.0+b', taskQueue: 'ours' },
    { build: '2.0.0+x', taskQueue: 'theirs' },
    undefined,
  ].map((carriesOut, at) => ({ id: `${at}`, name: 'n', life: `${at}`, abilities: { carriesOut } }))
  expect([...buildsPresent(living, 'ours')]).toEqual(['1.0.0+a', '1.1.0+b'])
})
