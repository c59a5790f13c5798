export interface Question {
  readonly id: number
  readonly filter: string
  /** JSON text. */
  readonly input: string
}

export type Answer =
  | { readonly id: number; readonly results: readonly string[]; readonly cut: boolean }
  | { readonly id: number; readonly fault: string }
