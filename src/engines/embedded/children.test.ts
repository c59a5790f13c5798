import { afterEach, describe, expect, it } from 'vitest'
import { SluseError } from '../../errors.ts'
import { openTestEngine, testEvent, until, type TestEngine } from '../testing/embedded-engine.ts'

let test: TestEngine
afterEach(() => test.close())

/** From now on each statement that contains one of these cannot be read, once. */
function failOnce(...parts: string[]): void {
  const { database } = test
  const read = database.query.bind(database)
  const left = new Set(parts)
  database.query = async (sql, parameters) => {
    const part = [...left].find((each) => sql.includes(each))
    if (part === undefined) return read(sql, parameters)
    left.delete(part)
    throw new SluseError('SLUSE-STORE', '(test)')
  }
}

describe('a run within a run', () => {
  it('goes on where the database cannot be read for a moment', async () => {
    test = await openTestEngine(
      {},
      "do: [ { below: { run: { workflow: { namespace: test, name: child, version: '1.0.0' } } } } ]",
      'name: child\ndo: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]',
    )
    failOnce('WHERE id = ?', "kind = 'child'")
    const id = await test.start()
    await until(async () => (await test.history.runs({ status: ['waiting'] })).runs.length === 2)
    await test.engine.publish([testEvent('go', 1)])
    expect(await test.engine.outcome(id)).toEqual({ status: 'completed', output: [1] })
    expect(test.logged.filter((line) => line.includes('for a run within a run'))).toHaveLength(2)
  })
})
