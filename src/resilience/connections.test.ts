import { describe, expect, it } from 'vitest'
import { readAnnotations, targetOf, type ConnectionTarget } from './connections.ts'

const named = (name: string, baseUrl: string): ConnectionTarget => ({
  target: { kind: 'app', name },
  baseUrl,
  settings: { limits: {} },
})
const connections = [
  named('portal', 'https://portal.example.dk'),
  named('cases', 'https://portal.example.dk/cases/'),
  named('greeter', 'grpcs://greeter.example.dk:5001'),
]

describe('whom a call calls', () => {
  it.each([
    ['https://portal.example.dk/', 'portal'],
    ['https://portal.example.dk/casesAndMore', 'portal'],
    ['https://portal.example.dk/cases', 'cases'],
    ['https://PORTAL.example.dk:443/cases/1?x=2', 'cases'],
    ['https://greeter.example.dk:5001/helloworld.Greeter/SayHello', 'greeter'],
    ['http://portal.example.dk/', 'http://portal.example.dk'],
    ['https://user:word@other.example.dk/a?token=b', 'https://other.example.dk'],
  ])('%s: %s', (uri, name) => {
    expect(targetOf(uri, connections)).toEqual({ kind: 'app', name })
  })
})

describe('the annotations of a connection', () => {
  it('declare limits and what becomes of calls while the breaker is open', () => {
    const { settings, complaints } = readAnnotations({
      'sluse/max-concurrent': '4',
      'sluse/max-per-second': '0.5',
      'sluse/when-open': 'fail',
      'somebody.else/max-concurrent': 'x',
    })
    expect(complaints).toEqual([])
    expect(settings).toEqual({ limits: { concurrency: 4, perSecond: 0.5 }, whenOpen: 'fail' })
  })

  it.each([
    ['sluse/max-concurrent', '0'],
    ['sluse/max-concurrent', '1.5'],
    ['sluse/max-concurrent', ''],
    ['sluse/max-per-second', '-1'],
    ['sluse/max-per-second', 'Infinity'],
    ['sluse/when-open', 'sometimes'],
    ['sluse/max-concurent', '4'],
  ])('are refused: %s=%s', (name, value) => {
    const { settings, complaints } = readAnnotations({ [name]: value })
    expect(settings).toEqual({ limits: {} })
    expect(complaints).toMatchObject([{ name }])
  })
})
