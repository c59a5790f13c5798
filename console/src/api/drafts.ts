import { useEffect, useState } from 'react'

const prefix = 'draft '

/**
 * A state that outlives the page: where the session ends while somebody fills in a form, what they wrote is there again
 * after they have signed in. Kept for this tab alone, by `key`, until it is forgotten.
 */
export function useDraft<T>(key: string, initial: () => T) {
  const name = prefix + key
  const [value, setValue] = useState<T>(() => read(name) ?? initial())
  const [written, setWritten] = useState(false)
  useEffect(() => {
    if (written) sessionStorage.setItem(name, JSON.stringify(value))
  }, [name, value, written])
  const change = (next: T) => {
    setWritten(true)
    setValue(next)
  }
  const forget = () => {
    setWritten(false)
    sessionStorage.removeItem(name)
  }
  return [value, change, forget] as const
}

/** Whoever signs out leaves nothing behind. */
export function forgetDrafts(): void {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(prefix)) sessionStorage.removeItem(key)
}

function read<T>(name: string): T | undefined {
  try {
    const text = sessionStorage.getItem(name)
    return text === null ? undefined : (JSON.parse(text) as T)
  } catch {
    return undefined
  }
}
