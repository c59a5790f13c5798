export interface Line {
  readonly kind: 'same' | 'added' | 'removed'
  readonly text: string
  /** In the text that it stands in: the new one, but for what is removed. */
  readonly number: number
}

/** More than this is compared as a whole: removed, and added. */
const mostCompared = 4000

/** How one text becomes another, line by line: the longest common subsequence stays. */
export function lineDifference(before: string, after: string): Line[] {
  const [old, next] = [before.split('\n'), after.split('\n')]
  let start = 0
  while (start < old.length && start < next.length && old[start] === next[start]) start++
  let end = 0
  while (
    end < old.length - start &&
    end < next.length - start &&
    old[old.length - 1 - end] === next[next.length - 1 - end]
  ) {
    end++
  }
  const line = (kind: Line['kind'], texts: readonly string[], index: number): Line => ({
    kind,
    text: texts[index] ?? '',
    number: index + 1,
  })
  const lines = next.slice(0, start).map((_, index) => line('same', next, index))
  const [rows, columns] = [old.length - start - end, next.length - start - end]
  const common =
    rows <= mostCompared && columns <= mostCompared ? lengths(old, next, start, rows, columns) : undefined
  let [row, column] = [0, 0]
  while (row < rows || column < columns) {
    const [a, b] = [start + row, start + column]
    if (common && row < rows && column < columns && old[a] === next[b]) {
      lines.push(line('same', next, b))
      row++
      column++
    } else if (
      row < rows &&
      (column >= columns ||
        !common ||
        at(common, row + 1, column, columns) >= at(common, row, column + 1, columns))
    ) {
      lines.push(line('removed', old, a))
      row++
    } else {
      lines.push(line('added', next, b))
      column++
    }
  }
  for (let index = next.length - end; index < next.length; index++) lines.push(line('same', next, index))
  return lines
}

/** Length of the longest common subsequence of what follows from each place on. */
function lengths(
  old: readonly string[],
  next: readonly string[],
  start: number,
  rows: number,
  columns: number,
) {
  const table = new Uint16Array((rows + 1) * (columns + 1))
  for (let row = rows - 1; row >= 0; row--) {
    for (let column = columns - 1; column >= 0; column--) {
      table[row * (columns + 1) + column] =
        old[start + row] === next[start + column]
          ? at(table, row + 1, column + 1, columns) + 1
          : Math.max(at(table, row + 1, column, columns), at(table, row, column + 1, columns))
    }
  }
  return table
}

function at(table: Uint16Array, row: number, column: number, columns: number): number {
  return table[row * (columns + 1) + column] ?? 0
}
