/** One thing that happened: a bar on a row, from and to in milliseconds. */
export interface Bar {
  readonly row: string
  readonly from: number
  readonly to: number
  readonly kind: 'good' | 'bad' | 'wait'
}

const width = 720
const left = 110
const rowHeight = 20

/** What happens in `scene`, which puts it into `bars` and says how long it takes in milliseconds. */
export async function picture(title: string, scene: (bars: Bar[]) => Promise<number>): Promise<string> {
  const bars: Bar[] = []
  const length = await scene(bars)
  const rows = [...new Set(bars.map(({ row }) => row))]
  const height = 50 + rows.length * rowHeight + 30
  const x = (ms: number) => (left + (ms / length) * (width - left - 20)).toFixed(1)
  const y = (row: string) => 40 + rows.indexOf(row) * rowHeight
  const [unit, name] = length > 600_000 ? [60_000, 'min'] : [1000, 's']
  const step = Math.ceil(length / (10 * unit)) * unit
  const ticks = Array.from({ length: Math.floor(length / step) + 1 }, (_, index) => index * step)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="10" y="20" font-size="14" fill="#1a1a1a">${title}</text>`,
    ...ticks.flatMap((at) => [
      `<line x1="${x(at)}" x2="${x(at)}" y1="32" y2="${height - 28}" stroke="#dddddd"/>`,
      `<text x="${x(at)}" y="${height - 12}" text-anchor="middle" fill="#555555">${at / unit} ${name}</text>`,
    ]),
    ...rows.map((row) => `<text x="10" y="${y(row) + 12}" fill="#1a1a1a">${row}</text>`),
    ...bars.map(
      ({ row, from, to, kind }) =>
        `<rect x="${x(from)}" y="${y(row) + 2}" width="${Math.max(2, Number(x(to)) - Number(x(from))).toFixed(1)}" height="13" fill="${colours[kind]}"/>`,
    ),
    '</svg>',
    '',
  ].join('\n')
}

const colours = { good: '#1b7f4b', bad: '#b3261e', wait: '#c98a00' } as const
