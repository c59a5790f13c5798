/** Columns under their titles, with two spaces between them; an empty last column is left away. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [titles, ...rows]
  const used = titles.map((_, column) => rows.length === 0 || rows.some((row) => row[column] !== ''))
  const widths = titles.map((_, column) => Math.max(...all.map((row) => visible(row[column] ?? ''))))
  return all
    .map((row) =>
      row
        .map((cell, column) => (used[column] ? cell + ' '.repeat((widths[column] ?? 0) - visible(cell)) : ''))
        .filter((_, column) => used[column])
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function visible(text: string): number {
  return text.replace(/\x1b\[\d+m/g, '').length
}
