const whole = /^\s*\$\{([\s\S]+)\}\s*$/

/** The jq within `${ … }`, where the text is that as a whole; otherwise it is data. */
export function enclosed(text: string): string | undefined {
  return whole.exec(text)?.[1]
}

/** The jq of a field that is always an expression: `${ }` around it may be left out. */
export function expressionOf(text: string): string {
  return enclosed(text) ?? text
}
