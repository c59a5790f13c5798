import { expect, test } from 'vitest'
import type { Board, View } from './board.ts'
import type { HeldJob, Holds } from './holds.ts'
import type { JobRow } from './job-rows.ts'
import { Taker, type TakerOptions } from './taker.ts'

test('a job that is taken while the process ends is given back, and not begun', async () => {
  let look = async (_view: View): Promise<void> => {}
  const board = {
    onLook: (listener: typeof look) => (look = listener),
    poke: () => {},
  } as unknown as Board
  const job: JobRow = {
    transfer: 't',
    job: 'read',
    holder: '',
    process: '',
    until: 0,
    due: 0,
    error: undefined,
  }
  const released: unknown[] = []
  let taken = (_held: HeldJob): void => {}
  const holds = {
    has: () => false,
    take: () => new Promise<HeldJob>((resolve) => (taken = resolve)),
  } as unknown as Holds
  const logged: unknown[] = []
  const means = { now: () => 1, log: (...said: unknown[]) => void logged.push(said) }
  const options = { board, holds, means, process: 'this', most: 1, courtesyMs: 0, left: () => {} }
  const taker = new Taker(options as unknown as TakerOptions)
  taker.start()
  const looking = look({ jobs: [job], parts: [], processes: [], replays: [], asOf: 0 })
  await taker.close()
  taken({ ...job, release: async (due?: number) => void released.push(due) } as unknown as HeldJob)
  await looking
  expect(released).toEqual([undefined])
  expect(logged).toEqual([])
})
