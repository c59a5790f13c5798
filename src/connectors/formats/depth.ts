/** Whether a JSON text nests deeper than `most`. What is too short to do so is not looked at. */
export function nestsDeeper(text: string, most: number): boolean {
  if (text.length <= 2 * most) return false
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x22: // A string: what is in it does not count.
        for (at += 1; at < text.length && text.charCodeAt(at) !== 0x22; at += 1) {
          if (text.charCodeAt(at) === 0x5c) at += 1
        }
        break
      case 0x5b:
      case 0x7b:
        depth += 1
        if (depth > most) return true
        break
      case 0x5d:
      case 0x7d:
        depth -= 1
        break
      default:
    }
  }
  return false
}
