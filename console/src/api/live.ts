import { useEffect, useRef, useSyncExternalStore } from 'react'

/** A lifecycle event: only what tells a page that it must look again. */
export interface LiveEvent {
  /** Of the specification, without `io.serverlessworkflow.` and `.v1`: `task.completed`. */
  readonly kind: string
  readonly run: string
}

type Listener = (event: LiveEvent) => void

const listeners = new Set<Listener>()
const observers = new Set<() => void>()
let source: EventSource | undefined
let connected = false

/**
 * One connection for the whole page, while somebody looks at it: a browser allows only a few to one server, for all
 * its tabs together. What happened meanwhile is read anew when the page is looked at again (`again`).
 */
function adjust(): void {
  const wanted = listeners.size > 0 && !document.hidden
  if (wanted && !source) {
    source = new EventSource('/api/v1/changes')
    source.onopen = () => {
      setConnected(true)
      tell({ kind: 'again', run: '' })
    }
    source.onerror = () => setConnected(false)
    source.onmessage = ({ data }: MessageEvent<string>) => tell(JSON.parse(data) as LiveEvent)
  } else if (!wanted && source) {
    source.close()
    source = undefined
  }
}

document.addEventListener('visibilitychange', adjust)

function tell(event: LiveEvent): void {
  for (const listener of listeners) listener(event)
}

function setConnected(now: boolean): void {
  connected = now
  for (const observer of observers) observer()
}

/** Whether what the page shows follows what happens. */
export function useConnected(): boolean {
  return useSyncExternalStore(
    (observer) => {
      observers.add(observer)
      return () => observers.delete(observer)
    },
    () => connected,
  )
}

/** Calls back on what happens, at most once in `pause` milliseconds, with all events since the last call. */
export function useLive(onEvents: (events: readonly LiveEvent[]) => void, pause = 1000): void {
  const callback = useRef(onEvents)
  useEffect(() => {
    callback.current = onEvents
  })
  useEffect(() => {
    let gathered: LiveEvent[] = []
    let timer: number | undefined
    const listener = (event: LiveEvent) => {
      gathered.push(event)
      timer ??= window.setTimeout(() => {
        timer = undefined
        const events = gathered
        gathered = []
        callback.current(events)
      }, pause)
    }
    listeners.add(listener)
    adjust()
    return () => {
      window.clearTimeout(timer)
      listeners.delete(listener)
      adjust()
    }
  }, [pause])
}
