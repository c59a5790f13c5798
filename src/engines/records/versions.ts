/** Orders versions by Semantic Versioning 2.0.0, section 11; build metadata does not count. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)]
  for (let index = 0; index < 3; index++) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0)
    if (difference !== 0) return difference
  }
  if (left.pre.length === 0 || right.pre.length === 0) return right.pre.length - left.pre.length
  for (let index = 0; index < Math.max(left.pre.length, right.pre.length); index++) {
    const difference = compareIdentifiers(left.pre[index], right.pre[index])
    if (difference !== 0) return difference
  }
  return 0
}

export function highest<T extends { readonly version: string }>(candidates: readonly T[]): T | undefined {
  return candidates.reduce<T | undefined>(
    (best, candidate) => (best && compareVersions(best.version, candidate.version) >= 0 ? best : candidate),
    undefined,
  )
}

function parse(version: string): { numbers: number[]; pre: string[] } {
  const [withoutBuild = ''] = version.split('+')
  const [core = '', ...pre] = withoutBuild.split('-')
  return { numbers: core.split('.').map(Number), pre: pre.length === 0 ? [] : pre.join('-').split('.') }
}

/** A longer list of identifiers ranks higher; numbers rank below texts. */
function compareIdentifiers(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (left && right) return Number(a) - Number(b)
  if (left !== right) return left ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}
