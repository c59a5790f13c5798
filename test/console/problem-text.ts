import { problemsInDanish } from '../../console/src/texts/problems-da.ts'
import { errorTable, type ErrorCode } from '../../src/errors.ts'

/** What the console calls an error of our own. */
export function problemText(language: 'da' | 'en', code: ErrorCode): string {
  return (language === 'da' ? problemsInDanish[code]?.[0] : undefined) ?? errorTable[code].what
}
