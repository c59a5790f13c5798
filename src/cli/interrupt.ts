/** Ctrl-C, or a service manager that asks the process to end. */
export interface Interrupt {
  /** Aborts at the first signal; a second one ends the process at once. */
  readonly signal: AbortSignal
  /** Resolves at the first signal, with its name. */
  readonly came: Promise<'SIGINT' | 'SIGTERM'>
  /** Takes no more notice. */
  forget(): void
}

export function onInterrupt(): Interrupt {
  const controller = new AbortController()
  let tell: (name: 'SIGINT' | 'SIGTERM') => void
  const came = new Promise<'SIGINT' | 'SIGTERM'>((resolve) => {
    tell = resolve
  })
  const hear = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
    tell(name === 'SIGTERM' ? 'SIGTERM' : 'SIGINT')
  }
  process.on('SIGINT', hear)
  process.on('SIGTERM', hear)
  return {
    signal: controller.signal,
    came,
    forget: () => {
      process.off('SIGINT', hear)
      process.off('SIGTERM', hear)
    },
  }
}
