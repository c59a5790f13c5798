import { compile } from '../../../jq/index.ts'

/** What can be said of a filter without running it. */
export type Analysis =
  | { readonly ok: true; readonly references: readonly Reference[] }
  | { readonly ok: false; readonly message: string; readonly offset: number }

/** A variable that the filter reads but does not bind itself: `$secrets.key` has the path `['key']`. */
export interface Reference {
  readonly name: string
  readonly path: readonly string[]
  /** Where the variable is first mentioned. */
  readonly offset: number
}

/** Compiles a filter, whatever variables it reads, and gives those that it needs from outside. */
export function analyse(filter: string): Analysis {
  const offsets = new Map<string, number>()
  for (const { 1: name = '', index } of filter.matchAll(/\$\s*([A-Za-z_]\w*)/g)) {
    if (!offsets.has(name)) offsets.set(name, index)
  }
  try {
    // A run gives `now` its own time: here it only has to be there.
    const clock = /\bnow\b/.test(filter) ? { now: () => 0 } : {}
    const { references } = compile(filter, { variables: [...offsets.keys()], ...clock })
    return {
      ok: true,
      references: references.map(([name = '', ...path]) => ({ name, path, offset: offsets.get(name) ?? 0 })),
    }
  } catch (error) {
    const { message = String(error), offset = 0 } = error as { message?: string; offset?: number }
    // The place is reported in the text of the definition, not in that of the filter.
    return { ok: false, message: message.replace(/ \(line \d+, column \d+\)$/, ''), offset }
  }
}
