import type { Builtin } from './builtin.ts'
export const dates: readonly Builtin[] = []
