import type { Builtin } from './builtin.ts'
export const regexes: readonly Builtin[] = []
