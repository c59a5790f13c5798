/**
 * Where processes share what they know of targets. Rejects where it is away; then nothing was written, or what was
 * asked for may have been: whoever asks reads again.
 */
export interface SharedStore {
  /** What has changed after the time, by the store's clock. */
  look(after: number): Promise<{ now: number; states: StoredState[] }>
  /** One target, and the lives that there are (`members/`): one that is not among them never comes back. */
  read(key: string): Promise<{ now: number; alive: ReadonlySet<string>; stored: StoredState | undefined }>
  /** Puts `next` in the place of what `read` gave; `false` where something else is there by now. */
  write(before: StoredState | undefined, next: StoredState): Promise<boolean>
  /** Takes away what nobody has changed for so long that it is about targets which nobody calls any more. */
  tidy(): Promise<void>
  /** Calls `listener` soon after anything was written, by whomever. Returns how to stop. */
  onNews(listener: () => void): () => void
}

export interface StoredState {
  readonly key: string
  /** Rises with every change, and is about the time of it. */
  readonly version: number
  readonly state: string
}
