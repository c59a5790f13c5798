import { describe, expect, it } from 'vitest'
import { define } from '../testing/engine-suite.ts'
import { policyOf, timesOf } from './schedule-times.ts'

function times(schedule: string, policy = 'timezone: Europe/Copenhagen') {
  const { workflow } = define(`schedule: { ${schedule} }\ndo: [ { nothing: { set: { a: 1 } } } ]`)
  const { document } = workflow
  const withPolicy = { ...workflow, document: { ...document, metadata: { schedule: parse(policy) } } }
  const found = timesOf(withPolicy, policyOf(withPolicy))
  if (!found) throw new Error('no times')
  return found
}

function parse(policy: string) {
  return Object.fromEntries([policy.split(': ')])
}

function next(schedule: string, from: string, count: number, policy?: string): string[] {
  const found = times(schedule, policy)
  const all: string[] = []
  for (let at = Date.parse(from); all.length < count;) {
    at = found.after(at) ?? NaN
    all.push(new Date(at).toISOString().replace(':00.000Z', 'Z'))
  }
  return all
}

describe('a cron schedule', () => {
  it('follows the wall clock of its time zone', () => {
    expect(next("cron: '0 6 * * 1-5'", '2026-03-27T12:00Z', 2)).toEqual([
      '2026-03-30T04:00Z',
      '2026-03-31T04:00Z',
    ])
  })

  it('goes by UTC unless told otherwise', () => {
    expect(next("cron: '0 6 * * *'", '2026-07-01T00:00Z', 1, 'a: b')).toEqual(['2026-07-01T06:00Z'])
  })

  it('still runs each day when clocks go forward over its time', () => {
    const days = next("cron: '30 2 * * *'", '2026-03-27T12:00Z', 3)
    expect(days).toEqual(['2026-03-28T01:30Z', '2026-03-29T01:00Z', '2026-03-30T00:30Z'])
  })

  it('runs once on the day when clocks go back over its time', () => {
    const days = next("cron: '30 2 * * *'", '2026-10-23T12:00Z', 3)
    expect(days).toEqual(['2026-10-24T00:30Z', '2026-10-25T00:30Z', '2026-10-26T01:30Z'])
  })

  it('runs each real hour through both changes', () => {
    expect(next("cron: '0 * * * *'", '2026-03-29T00:00Z', 2)).toEqual([
      '2026-03-29T01:00Z',
      '2026-03-29T02:00Z',
    ])
    expect(next("cron: '0 * * * *'", '2026-10-25T00:00Z', 2)).toEqual([
      '2026-10-25T01:00Z',
      '2026-10-25T02:00Z',
    ])
  })

  it('knows its last time before now', () => {
    const { lastUntil } = times("cron: '0 6 * * *'")
    const known = Date.parse('2026-01-01T05:00Z')
    expect(lastUntil(Date.parse('2026-01-10T12:00Z'), known)).toBe(Date.parse('2026-01-10T05:00Z'))
    expect(lastUntil(Date.parse('2026-01-10T05:00Z'), known)).toBe(Date.parse('2026-01-10T05:00Z'))
    expect(lastUntil(Date.parse('2026-01-10T04:59:59Z'), known)).toBe(Date.parse('2026-01-09T05:00Z'))
  })
})

describe('an interval', () => {
  it('counts on from its last time, however late that was noticed', () => {
    const { after, lastUntil } = times('every: { minutes: 10 }')
    const known = Date.parse('2026-01-01T00:03Z')
    expect(lastUntil(Date.parse('2026-01-01T00:35Z'), known)).toBe(Date.parse('2026-01-01T00:33Z'))
    expect(after(Date.parse('2026-01-01T00:33Z'))).toBe(Date.parse('2026-01-01T00:43Z'))
  })
})
