import { expect, test } from 'vitest'
import { createLog } from './log.ts'

/** A log that writes into a list, with a clock that is set. */
function logged() {
  const lines: Record<string, unknown>[] = []
  const clock = { ms: 0 }
  const take = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>)
  return { lines, clock, log: createLog('info', take, () => new Date(clock.ms)) }
}

test('the same failure is told three times within ten minutes, and then how often it came', () => {
  const { lines, clock, log } = logged()
  for (; clock.ms < 600_000; clock.ms += 1000)
    log('error', 'It cannot be read; trying again.', { error: 'away' })
  expect(lines).toHaveLength(3)
  log('error', 'It cannot be read; trying again.', { error: 'away' })
  expect(lines[3]).toEqual({
    time: '1970-01-01T00:10:00.000Z',
    level: 'error',
    message: 'It cannot be read; trying again.',
    error: 'away',
    repeated: 597,
  })
})

test('what differs in anything is told, and what is no failure every time', () => {
  const { lines, log } = logged()
  for (let run = 0; run < 20; run++) log('warn', 'It is set going again.', { run })
  for (let times = 0; times < 20; times++) log('info', 'The database is there again.')
  expect(lines).toHaveLength(40)
})
