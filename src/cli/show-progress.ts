import type { App } from '../app.ts'
import type { Terminal } from './terminal.ts'
import { openDrawing, progressLines } from './transfer-progress.ts'

const everyMs = 300
/** More than fit on a screen help nobody. */
const mostShown = 3

/** Draws how far the transfers of this process are, where standard error is a terminal. */
export function showProgress(
  { transfers }: Pick<App, 'transfers'>,
  terminal: Terminal,
): { stop: () => Promise<void> } {
  const drawing = openDrawing()
  if (!drawing.isTerminal || terminal.json) return { stop: async () => {} }
  let drawingNow: Promise<void> = Promise.resolve()
  const draw = async () => {
    const page = await transfers.overview.list({ limit: mostShown })
    const details = await Promise.all(page.transfers.map(({ id }) => transfers.overview.transfer(id)))
    drawing.draw(details.reverse().flatMap((each) => progressLines(each, terminal)))
  }
  const timer = setInterval(() => {
    // A drawing that fails is missing from the screen, and from nothing else.
    drawingNow = drawingNow.then(draw).catch(() => {})
  }, everyMs)
  return {
    async stop() {
      clearInterval(timer)
      await drawingNow
      await draw().catch(() => {})
    },
  }
}
