import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useLayoutEffect, useState, type RefObject } from 'react'
import { usePrinting } from './use-printing.ts'

/** Nobody reads more on paper, and a browser takes long to set it. */
const mostPrinted = 2000

interface Options {
  readonly table: RefObject<HTMLElement | null>
  readonly count: number
  /** Height of a row in pixels before it is measured. */
  readonly height: number
  readonly overscan: number
  readonly keyOf: (index: number) => string | number
}

interface Rows {
  /** Indexes of the rows that are in the page. */
  readonly shown: readonly number[]
  /** Heights of what stands for the rows before and after them. */
  readonly before: number
  readonly after: number
  readonly measure: (element: Element | null) => void
}

/** Of the rows of a long table only those that are seen are in the page, so that 100,000 scroll like 100. */
export function useRows({ table, count, height, overscan, keyOf }: Options): Rows {
  const printing = usePrinting()
  const [offset, setOffset] = useState(0)
  useLayoutEffect(() => setOffset(table.current?.offsetTop ?? 0), [table])
  const virtual = useWindowVirtualizer({
    count,
    estimateSize: () => height,
    overscan,
    scrollMargin: offset,
    getItemKey: keyOf,
  })
  const items = virtual.getVirtualItems()
  if (printing) {
    const printed = Math.min(count, mostPrinted)
    return {
      shown: Array.from({ length: printed }, (_, index) => index),
      before: 0,
      after: 0,
      measure: () => {},
    }
  }
  return {
    shown: items.map(({ index }) => index),
    before: (items[0]?.start ?? offset) - offset,
    after: virtual.getTotalSize() - ((items.at(-1)?.end ?? offset) - offset),
    measure: virtual.measureElement,
  }
}
