import type { ErrorCode } from '../../../errors.ts'
import type { Part } from '../text/locate.ts'

export type FindingCode = Extract<ErrorCode, `SLUSE-DEFINITION-${string}`>

/** A finding whose place is still a pointer, not yet a line and column. */
export interface Remark {
  readonly severity: 'error' | 'warning'
  readonly code: FindingCode
  readonly message: string
  /** Where left out, what the table of errors says for the code. */
  readonly todo?: string
  readonly pointer: string
  readonly part: Part
}

/** Where findings go. */
export interface Report {
  tell(severity: Remark['severity'], ...finding: Parameters<Report['error']>): void
  error(
    code: FindingCode,
    pointer: string,
    message: string,
    more?: { todo?: string | undefined; part?: Part },
  ): void
  warning(
    code: FindingCode,
    pointer: string,
    message: string,
    more?: { todo?: string | undefined; part?: Part },
  ): void
}

/** So many are told; whoever has more corrects these first. */
const most = 200

/** Thrown where there are too many errors, so that judging a hostile definition costs little. */
export const enough = new Error(`there are more than ${most} errors`)

export class Remarks implements Report {
  readonly all: Remark[] = []
  #errors = 0

  get isClean(): boolean {
    return this.#errors === 0
  }

  error(...[code, pointer, message, more]: Parameters<Report['error']>): void {
    this.tell('error', code, pointer, message, more)
  }

  warning(...[code, pointer, message, more]: Parameters<Report['warning']>): void {
    this.tell('warning', code, pointer, message, more)
  }

  tell(severity: Remark['severity'], ...[code, pointer, message, more]: Parameters<Report['error']>): void {
    if (severity === 'error' && ++this.#errors > most) throw enough
    if (severity === 'warning' && this.all.length >= most) return
    this.all.push({
      severity,
      code,
      message,
      pointer,
      part: more?.part ?? 'value',
      ...(more?.todo === undefined ? {} : { todo: more.todo }),
    })
  }
}
