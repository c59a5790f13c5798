/** One challenge of a `WWW-Authenticate` header (RFC 9110, section 11.6.1). */
export interface Challenge {
  /** Lower case. */
  scheme: string
  /** By lower-case name, unquoted. */
  parameters: { [name: string]: string }
}

/**
 * Reads all challenges of a header, several values joined by commas. What comes after something that cannot be
 * read is left out.
 */
export function readChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = []
  let rest = header
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    const found = pattern.exec(rest)
    if (!found) return undefined
    rest = rest.slice(found[0].length)
    return found
  }
  for (;;) {
    take(/^[\s,]+/)
    const parameter = take(
      /^([!#$%&'*+.^_`|~\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~\w-]+))(?=\s*(?:,|$))/,
    )
    const current = challenges.at(-1)
    if (parameter && current) {
      const [, name = '', quoted, plain = ''] = parameter
      current.parameters[name.toLowerCase()] = quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1')
      continue
    }
    const scheme = take(/^([!#$%&'*+.^_`|~\w-]+)(?:\s+(?=[\w]|$)|\s*(?=,|$))/)
    if (!scheme) return challenges
    challenges.push({ scheme: (scheme[1] ?? '').toLowerCase(), parameters: {} })
    // token68, as Basic or Negotiate may give: of no use here.
    take(/^[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/)
  }
}
