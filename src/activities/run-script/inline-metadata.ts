import { fault } from '../../workflow/index.ts'

export interface InlineMetadata {
  /** As PEP 508 writes them: `requests<3`. */
  readonly dependencies: readonly string[]
  readonly requiresPython?: string
}

/**
 * What a Python script says of itself in comments (PEP 723, "Inline script metadata"):
 * ```
 * # /// script
 * # requires-python = ">=3.11"
 * # dependencies = ["requests<3"]
 * # ///
 * ```
 * Of the TOML within only these two members are read; whoever provides the dependencies reads all of it.
 */
export function inlineMetadata(code: string): InlineMetadata {
  const blocks = [...code.matchAll(/^# \/\/\/ script\r?\n((?:^#(?: .*)?\r?\n)*?)^# \/\/\/\s*$/gm)]
  if (blocks.length > 1)
    throw fault('configuration', 'The script has more than one block of inline metadata.')
  const toml = (blocks[0]?.[1] ?? '').replace(/^# ?/gm, '').replace(/^\s*#.*$/gm, '')
  const list = /^dependencies\s*=\s*\[((?:"(?:[^"\\]|\\.)*"|'[^']*'|#.*$|[^\]"'#])*)\]/m.exec(toml)?.[1] ?? ''
  const requires = /^requires-python\s*=\s*["']([^"']*)["']/m.exec(toml)?.[1]
  return {
    dependencies: [...list.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g)].map(
      ([, basic, plain]) => basic ?? plain ?? '',
    ),
    ...(requires === undefined ? {} : { requiresPython: requires }),
  }
}
