import type { TransferDetail } from '../transfer/index.ts'
import { plain, type Terminal } from './terminal.ts'

const barWidth = 24

/** A transfer in a few lines: how far it is, how fast, and what it suffers from. */
export function progressLines(transfer: TransferDetail, terminal: Terminal): string[] {
  const { read, bad, records, deadLetters, progress, rate, secondsLeft, trouble } = transfer
  const reading = transfer.status === 'reading'
  const share = progress ? progress.done / Math.max(progress.total, 1) : reading ? undefined : 1
  const facts = [
    `${number(read)} read`,
    ...(records === read ? [] : [`${number(records)} kept`]),
    ...(bad > 0 ? [`${number(bad)} bad`] : []),
    ...(deadLetters > 0 ? [`${number(deadLetters)} dead letters`] : []),
    ...speed(rate, secondsLeft),
    ...by(transfer),
  ]
  return [
    `${label('read')}${bar(share)} ${facts.join(', ')}`,
    ...troubled(trouble, terminal),
    ...transfer.targets.flatMap((target) => {
      const of = reading ? undefined : target.records / Math.max(records, 1)
      const more = [
        `${number(target.delivered)} delivered`,
        ...(target.refused > 0 ? [`${number(target.refused)} refused`] : []),
        ...speed(target.rate, target.secondsLeft),
        ...by(target),
        ...(target.status === 'completed' || target.status === 'failed' ? [target.status] : []),
      ]
      const shown = target.status === 'completed' ? 1 : of
      const error = target.error ? [terminal.paint('red', `  ${reason(target.error)}`)] : []
      return [
        `${label(target.name)}${bar(shown)} ${more.join(', ')}`,
        ...troubled(target.trouble, terminal),
        ...error,
      ]
    }),
  ]
}

/** Draws lines again and again in the same place, where standard error is a terminal. */
export function openDrawing(
  stderr: Pick<NodeJS.WriteStream, 'isTTY' | 'write' | 'columns'> = process.stderr,
) {
  let drawn = 0
  return {
    isTerminal: Boolean(stderr.isTTY),
    draw(lines: readonly string[]): void {
      if (!stderr.isTTY) return
      const width = stderr.columns > 0 ? stderr.columns - 1 : 100
      const up = drawn > 0 ? `\x1b[${drawn}A` : ''
      stderr.write(`${up}${lines.map((line) => `\x1b[2K${line.slice(0, width)}\n`).join('')}\x1b[0J`)
      drawn = lines.length
    },
  }
}

function label(name: string): string {
  return plain(name).slice(0, 20).padEnd(21)
}

function bar(share: number | undefined): string {
  if (share === undefined) return ' '.repeat(barWidth + 5)
  const full = Math.round(Math.min(share, 1) * barWidth)
  const percent = `${Math.floor(Math.min(share, 1) * 100)}%`
  return `${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ${percent.padStart(4)}`
}

function speed(rate: number | undefined, secondsLeft: number | undefined): string[] {
  return [
    ...(rate === undefined ? [] : [`${number(rate)}/s`]),
    ...(secondsLeft === undefined ? [] : [`${time(secondsLeft)} left`]),
  ]
}

function by({ worker, helpers = [] }: Pick<TransferDetail, 'worker' | 'helpers'>): string[] {
  return [
    ...(worker === undefined ? [] : [`by ${plain(worker)}`]),
    ...(helpers.length > 0 ? [`with ${helpers.map(plain).join(' and ')}`] : []),
  ]
}

function troubled(trouble: TransferDetail['trouble'], terminal: Terminal): string[] {
  if (!trouble) return []
  const text = `  failed ${trouble.attempt} times, again at ${trouble.next.slice(11, 19)}: ${reason(trouble.problem)}`
  return [terminal.paint('yellow', text)]
}

function reason({ detail, title, type }: { detail?: string; title?: string; type: string }): string {
  return plain(detail ?? title ?? type)
}

function number(value: number): string {
  return value.toLocaleString('en')
}

function time(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}
