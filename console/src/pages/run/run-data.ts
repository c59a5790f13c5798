import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { useLive } from '../../api/live.ts'

export type Run = Schemas['Run']
export type Task = Schemas['Task']

/** A run and all its tasks, without their values; read anew as things happen in it. */
export function useRun(id: string) {
  const client = useQueryClient()
  const path = { params: { path: { id } } }
  const took = useRef(0)
  const lastRead = useRef(0)
  const timeline = useQuery({
    queryKey: ['run', id, 'tasks'],
    queryFn: async () => {
      const began = performance.now()
      const read = await dataOf(api.GET('/api/v1/runs/{id}/tasks', path))
      lastRead.current = performance.now()
      took.current = lastRead.current - began
      return read
    },
  })
  const definition = useQuery({
    queryKey: ['run', id, 'definition', timeline.data?.run.error?.instance ?? ''],
    queryFn: () => dataOf(api.GET('/api/v1/runs/{id}/definition', path)),
    enabled: timeline.data !== undefined,
    staleTime: Infinity,
  })
  useLive((events) => {
    if (!events.some(({ run, kind }) => run === id || kind === 'again')) return
    // A long timeline takes a while to read: it must not be all that the browser does.
    const pause = Math.max(0, lastRead.current + took.current * 3 - performance.now())
    window.setTimeout(() => void client.invalidateQueries({ queryKey: ['run', id] }), pause)
  }, 700)
  return { timeline, definition }
}

/** Input and output of one task. */
export function useTask(id: string, key: string) {
  return useQuery({
    queryKey: ['run', id, 'task', key],
    queryFn: () => dataOf(api.GET('/api/v1/runs/{id}/task', { params: { path: { id }, query: { key } } })),
  })
}

export function isOver({ status }: Run): boolean {
  return status === 'completed' || status === 'faulted' || status === 'cancelled'
}
