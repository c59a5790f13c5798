/** Where a verb writes: what was asked for on standard output, everything else on standard error. */
export interface Terminal {
  /** JSON alone on standard output. */
  readonly json: boolean
  /** A JSON document on standard output, and the end of it. */
  data(value: unknown): void
  /** A line for people on standard output. Nothing where JSON was asked for. */
  line(text: string): void
  /** A line on standard error. */
  note(text: string): void
  /** Text in a colour or weight where standard error is a terminal that shows it. */
  paint(style: Style, text: string): string
}

const styles = { red: 31, green: 32, yellow: 33, blue: 34, bold: 1, dim: 2 } as const

export type Style = keyof typeof styles

export function openTerminal(
  json: boolean,
  { stdout, stderr, env }: Pick<NodeJS.Process, 'stdout' | 'stderr' | 'env'> = process,
): Terminal {
  // https://no-color.org: set to anything but nothing.
  const colours = Boolean(stderr.isTTY && stdout.isTTY) && !env.NO_COLOR && env.TERM !== 'dumb'
  return {
    json,
    data: (value) => void stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    line: (text) => {
      if (!json) stdout.write(`${text}\n`)
    },
    note: (text) => void stderr.write(`${text}\n`),
    paint: (style, text) => (colours ? `\x1b[${styles[style]}m${text}\x1b[0m` : text),
  }
}

/** Text from elsewhere, fit for a terminal: no control characters, which could write over what stands there. */
export function plain(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, ' ')
}
