interface Tag {
  readonly name: string
  readonly attributes: { readonly [name: string]: string }
}

/** By number of the cell style: whether it shows numbers as dates (ECMA-376, part 1, 18.8.30 and 18.8.45). */
export async function dateStyles(parse: (onTag: (tag: Tag) => void) => Promise<void>): Promise<boolean[]> {
  const formats = new Map<number, boolean>()
  const styles: boolean[] = []
  let inCells = false
  await parse(({ name, attributes }) => {
    if (name === 'numFmt') formats.set(Number(attributes.numFmtId), showsDate(attributes.formatCode ?? ''))
    else if (name === 'cellXfs') inCells = true
    else if (name === 'cellStyles') inCells = false
    else if (name === 'xf' && inCells) {
      const format = Number(attributes.numFmtId ?? 0)
      styles.push(formats.get(format) ?? ((format >= 14 && format <= 22) || (format >= 45 && format <= 47)))
    }
  })
  return styles
}

const showsDate = (code: string) =>
  /[ymdhs]/i.test(code.replace(/"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, ''))

/** A day number with its time as a fraction: `2026-12-31`, or with a time `2026-12-31T12:00:00`. */
export function serialDate(serial: number, epoch1904: boolean): string {
  // 1900 is taken for a leap year, as the first spreadsheets did: before March of it the count is off by one.
  const days = epoch1904 ? serial + 1462 : serial < 60 ? serial + 1 : serial
  const moment = new Date(Math.round((days - 25_569) * 86_400) * 1000)
  if (Number.isNaN(moment.getTime())) return String(serial)
  const text = moment.toISOString()
  return Number.isInteger(serial) ? text.slice(0, 10) : text.slice(0, 19)
}
