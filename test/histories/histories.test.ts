import { beforeAll, describe, expect, it } from 'vitest'
import { codecWith } from '../../src/engines/temporal/codec.ts'
import { libraries } from '../../src/engines/temporal/libraries.ts'
import { setUpRuntime } from '../../src/engines/temporal/worker.ts'
import { workflowBundle } from '../../src/engines/testing/workflow-bundle.ts'
import type { FeedItem } from '../../src/history/index.ts'
import { secrets } from './recording.ts'
import { itemsOf, replay } from './replay-host.ts'
import {
  readCases,
  releases,
  storedKey,
  temporalKinds,
  type StoredHistory,
  type StoredJournal,
} from './stored.ts'

/** Temporal's own libraries, where they are installed; a server is not needed. */
const temporal = await libraries().catch(() => undefined)

for (const release of releases())
  describe(`runs recorded by ${release === 'next' ? 'what is not released yet' : release}`, () => {
    describe('by their journals', () => {
      for (const { name, entries } of readCases<StoredJournal>(release, 'journals'))
        it(`${name}: go on from every commit, and end and tell what they did`, async () => {
          for (const stored of entries) await goesOnFromEveryCommit(stored)
        })
    })

    describe.skipIf(!temporal)("by Temporal's histories", () => {
      let bundle: string
      beforeAll(() => {
        bundle = workflowBundle()
      })

      it('replay in the sandbox', async () => {
        const errors = await replayAll(bundle, release)
        expect(errors).toEqual([])
      })
    })
  })

describe('a change of how runs replay', () => {
  it('is found in their journals', async () => {
    const [stored] =
      readCases<StoredJournal>('next', 'journals').find(({ name }) => name === 'rerun')?.entries ?? []
    if (!stored) throw new Error('There is no such run.')
    const text = JSON.stringify(stored.workflow).replace('"two"', '"renamed"')
    const changed = { ...stored, workflow: JSON.parse(text) as StoredJournal['workflow'] }
    await expect(goesOnFromEveryCommit(changed)).rejects.toThrow()
  })

  it.skipIf(!temporal)("is found in Temporal's histories", async () => {
    const begins = /(\w+)(\.CancellationScope\.nonCancellable\(async \(\) ?=> ?\{)/
    const changed = workflowBundle().replace(begins, '$1$2 await $1.sleep(1);')
    expect((await replayAll(changed, 'next')).length).toBeGreaterThan(0)
  })
})

/** What the run did after a commit it asks for, when it is taken up there; at the end it has told the same. */
async function goesOnFromEveryCommit(stored: StoredJournal): Promise<void> {
  const commits = itemsOf(stored, secrets)
  for (let count = 1; count <= commits.length; count++) {
    const { outcome, reports, asked } = await replay(stored, commits.slice(0, count).flat(), secrets)
    const told = commits.slice(0, count).flat().flatMap(reported)
    expect(reports.slice(0, told.length)).toEqual(told)
    const next = commits.slice(count).flat().find(isGiven)
    if (next) expect(asked, `after ${count} commits`).toContain(next.key)
    if (next || count < commits.length) continue
    expect(outcome).toEqual(endOf(commits.flat()))
    expect(reports).toEqual(told)
  }
}

/** What was given while the run was suspended may have lost a race since. */
function isGiven(item: FeedItem): item is Extract<FeedItem, { type: 'result' | 'fault' }> {
  return (item.type === 'result' || item.type === 'fault') && !item.queued
}

/** Without what the engine tells, and not the interpreter. */
function reported(item: FeedItem) {
  const engines = /^workflow\.(suspended|resumed|completed|faulted|cancelled)$|^task\.(suspended|resumed)$/
  return item.type === 'report' && !engines.test(item.report.kind) ? [item.report] : []
}

function endOf(items: readonly FeedItem[]): unknown {
  const last = items.filter((item) => item.type === 'report').at(-1)?.report
  if (last?.kind === 'workflow.completed') return { status: 'completed', output: last.output }
  if (last?.kind === 'workflow.faulted') return { status: 'faulted', error: last.error }
  return { status: 'cancelled' }
}

/** Those that do not replay, with why. */
async function replayAll(bundle: string, release: string): Promise<string[]> {
  if (!temporal) return []
  setUpRuntime({ libraries: temporal, log: () => {} })
  const options = {
    workflowBundle: { code: bundle },
    dataConverter: { payloadCodecs: [codecWith(storedKey)] },
  }
  const errors: string[] = []
  for (const kind of temporalKinds)
    for (const { name, entries } of readCases<StoredHistory>(release, kind))
      for await (const { workflowId, error } of temporal.worker.Worker.runReplayHistories(options, entries))
        if (error) errors.push(`${kind} ${name} ${workflowId}: ${error.message}`)
  return errors
}
