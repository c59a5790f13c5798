import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openTestEngine, testEvent, type TestEngine } from '../testing/embedded-engine.ts'
import { fault } from '../../workflow/index.ts'

let test: TestEngine
afterEach(() => test.close())

const token = 'S3cr3t/Token+1'
const secrets = async () => ({ token })

/** Whether any file of the data folder has the text or an encoding of it. */
function onDisk(): boolean {
  const content = readdirSync(test.folder).map((file) => readFileSync(join(test.folder, file), 'latin1'))
  const forms = [token, Buffer.from(`user:${token}`).toString('base64'), encodeURIComponent(token)]
  return content.some((text) => forms.some((form) => text.includes(form)))
}

describe('a secret', () => {
  it('is on no disk and in no history, wherever a run puts it, and comes back in a replay', async () => {
    const seen: unknown[] = []
    test = await openTestEngine(
      {
        secrets,
        activities: async ({ input }) => {
          seen.push((input as { body?: unknown }).body)
          if (seen.length === 2) throw fault('communication', `refused: ${token}`)
          return { echoed: `Bearer ${token}` }
        },
      },
      `
use: { secrets: [ token ] }
do:
  - use: { call: http, with: { method: get, endpoint: http://effect, body: '\${ "user:\\($secrets.token)" | @base64 }' } }
  - keep: { set: { from: '\${ . }', uri: '\${ $secrets.token | @uri }' } }
  - hear: { listen: { to: { one: { with: { type: go, subject: '\${ $secrets.token }' } } } } }
  - tell: { emit: { event: { with: { type: told, data: '\${ $secrets.token }' } } } }
  - fail: { call: http, with: { method: get, endpoint: http://effect, body: '\${ $secrets.token }' } }`,
    )
    const id = await test.start('main', { given: token })
    await new Promise((resolve) => setTimeout(resolve, 100))
    await test.reopen()
    await test.engine.publish([testEvent('go', 1, { id: 'x', subject: 'other' })])
    expect(onDisk()).toBe(false)
    const { engine, history } = test
    await engine.publish([testEvent('go', 2, { id: 'y', subject: 'known outside' })])
    await engine.cancel(id)
    await engine.outcome(id)
    const shown = JSON.stringify([await history.timeline(id), await history.run(id)])
    expect(shown).not.toContain(token)
    expect(shown).toContain('•••')
    expect(seen).toEqual([Buffer.from(`user:${token}`).toString('base64')])
    await test.engine.close()
    expect(onDisk()).toBe(false)
  })

  it('of a fault, an emitted event and an activity that nobody waits for is on no disk either', async () => {
    test = await openTestEngine(
      {
        secrets,
        activities: async ({ kind }) => {
          throw fault('communication', `${kind} refused ${token}`)
        },
      },
      `
use: { secrets: [ token ] }
do:
  - go: { run: { await: false, shell: { command: 'echo', arguments: [ '\${ $secrets.token }' ] } } }
  - tell: { emit: { event: { with: { type: told, data: { key: '\${ $secrets.token }' } } } } }
  - fail: { call: http, with: { method: get, endpoint: http://effect } }`,
    )
    const outcome = await test.engine.outcome(await test.start())
    expect(outcome).toMatchObject({ status: 'faulted', error: { detail: `http refused ${token}` } })
    await test.engine.close()
    expect(onDisk()).toBe(false)
    expect(test.logged.join()).not.toContain(token)
    const [emitted] = await test.database.query<{ data: string }>('SELECT data FROM inbox')
    expect(JSON.parse(emitted?.data ?? '')).toMatchObject({ data: { key: '•••' } })
  })

  it("of a parent is sealed in its child's journal too", async () => {
    test = await openTestEngine(
      { secrets },
      `
use: { secrets: [ token ] }
do: [ { below: { run: { workflow: { namespace: test, name: child, version: latest, input: { key: '\${ $secrets.token }' } } } } } ]`,
      "name: child\ndo: [ { keep: { set: { copy: '${ .key }' } } } ]",
    )
    expect(await test.engine.outcome(await test.start())).toMatchObject({ output: { copy: token } })
    await test.engine.close()
    expect(onDisk()).toBe(false)
  })
})
