/** What bench/temporal.ts and its workers agree on. */
export interface Job {
  /** A bare workflow; each effect an activity by itself; as it comes. */
  readonly what: 'bare' | 'single' | 'ahead'
  readonly address: string
  readonly namespace: string
  readonly taskQueue: string
  /** A file: what runs in the sandbox. */
  readonly bundle: string
  /** Of the records. */
  readonly url: string
}

export const keyOfBench = new Uint8Array(32).fill(7)

/** The effect: next to nothing, as what is to be seen is the cost around it. */
export async function step({ n }: { n: number }): Promise<{ n: number }> {
  return { n: n + 1 }
}
