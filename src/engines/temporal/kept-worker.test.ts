import { expect, test } from 'vitest'
import { KeptWorker } from './kept-worker.ts'

/** What Temporal's library gives up only where its server refuses it, this gives up when it is told to. */
function fakeWorker() {
  let end = () => {}
  const ended = new Promise<void>((resolve) => (end = resolve))
  const worker = {
    state: 'running' as 'running' | 'stopped' | 'failed',
    ended,
    runsInMemory: 3,
    closed: 0,
    fail() {
      worker.state = 'failed'
      end()
    },
    async close() {
      worker.closed++
      if (worker.state === 'running') worker.state = 'stopped'
      end()
    },
  }
  return worker
}

function fakes(refusals: number) {
  const opened: ReturnType<typeof fakeWorker>[] = []
  const told: string[] = []
  let left = 0
  const open = async () => {
    if (left-- > 0) throw new Error('not yet')
    const worker = fakeWorker()
    opened.push(worker)
    left = refusals
    return worker
  }
  return { opened, told, options: { open, log: (_: string, text: string) => void told.push(text), pause: 1 } }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1))
}

test('another worker takes the place of one that was given up, as soon as it can be opened', async () => {
  const { opened, told, options } = fakes(2)
  const kept = await KeptWorker.open(options)
  opened[0]?.fail()
  await until(() => opened.length === 2)
  await until(() => kept.state === 'running')
  expect(opened.map(({ closed }) => closed)).toEqual([1, 0])
  expect(told).toEqual([
    'The worker cannot be opened yet; trying again.',
    'The worker cannot be opened yet; trying again.',
    'Another worker has taken its place: runs are carried out in this process again.',
  ])
  await kept.close()
  expect([opened[1]?.closed, kept.state]).toEqual([1, 'stopped'])
})

test('one that is closed is not opened again, also while that was being tried', async () => {
  const { opened, options } = fakes(1_000_000)
  const kept = await KeptWorker.open(options)
  opened[0]?.fail()
  await until(() => (opened[0]?.closed ?? 0) > 0)
  await kept.close()
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(opened).toHaveLength(1)
})

test('where Temporal is not there nothing is tried, and the first is opened as soon as it is', async () => {
  const { opened, told, options } = fakes(0)
  let looked = 0
  const kept = await KeptWorker.open({ ...options, there: () => ++looked > 5 })
  expect([kept.state, kept.runsInMemory]).toEqual(['failed', 0])
  await until(() => kept.state === 'running')
  expect([looked, opened.length]).toEqual([6, 1])
  expect(told).toEqual(['Runs are carried out in this process from here on.'])
  await kept.close()
})

test('one that still waits for Temporal is closed at once', async () => {
  const { opened, options } = fakes(0)
  const kept = await KeptWorker.open({ ...options, pause: 600_000, there: () => false })
  await kept.close()
  expect(opened).toHaveLength(0)
})

test('the first must open', async () => {
  await expect(
    KeptWorker.open({ open: () => Promise.reject(new Error('no')), log: () => {} }),
  ).rejects.toThrow('no')
})
