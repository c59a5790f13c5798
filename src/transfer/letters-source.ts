import type { Source } from '../connectors/index.ts'
import type { Statement } from '../database/index.ts'
import type { Json } from '../workflow/index.ts'
import type { Means } from './carry-out.ts'
import { decryptBytes } from './dataset/keys.ts'
import type { PlannedSource } from './plan.ts'
import { letterFrom } from './store/read-rows.ts'
import { insertLetters, type NewLetter } from './store/store.ts'

/** The dead letters that a transfer replays, as its source, and what becomes of them. */
export interface LettersSource {
  readonly source: Source
  /** Those up to `position` are staged anew: they are answered. */
  readonly also: (position: Json) => readonly Statement[]
  /** One that is refused again is the same letter, open again, where it was this one that refused it. */
  readonly refused: (letters: readonly NewLetter[]) => readonly Statement[]
}

const pageSize = 500

export function lettersSource(
  replay: string,
  { target }: PlannedSource & { kind: 'letters' },
  { store, keys, now }: Means,
): LettersSource {
  const page = async (after: number) => {
    const sql =
      "SELECT * FROM dead_letters WHERE replay = ? AND number > ? AND status = 'replaying' ORDER BY number LIMIT ?"
    return (await store.database.query(sql, [replay, after, pageSize])).map(letterFrom)
  }
  return {
    source: {
      async *read({ position, signal }) {
        for (let after = Number(position ?? 0); ;) {
          signal.throwIfAborted()
          const letters = await page(after)
          const last = letters.at(-1)
          if (!last) return
          const lines = await Promise.all(
            letters.map(async ({ body, dataset }) => {
              const key = await keys.get(await store.storageOf(dataset))
              const text = decryptBytes(Buffer.from(body, 'base64'), key).toString('utf8')
              // What was no JSON may have line ends in it, and must stay one line to be one bad record again.
              return `${text.replace(/[\r\n]+/g, ' ')}\n`
            }),
          )
          after = last.number
          yield {
            lines: Buffer.from(lines.join('')),
            count: letters.length,
            origin: (index) => `#${letters[index]?.number} ${letters[index]?.origin}`,
            bad: [],
            position: after,
          }
        }
      },
    },
    also: (position) => [
      {
        sql: "UPDATE dead_letters SET status = 'replayed', updated_at = ? WHERE replay = ? AND number <= ? AND status = 'replaying'",
        parameters: [now(), replay, Number(position)],
      },
    ],
    refused: (letters) =>
      letters.flatMap((letter) => {
        const number = Number(/^#(\d+) /.exec(letter.origin)?.[1])
        if (letter.target !== undefined && target === undefined) return insertLetters([letter])
        const sql =
          "UPDATE dead_letters SET status = 'open', attempts = attempts + 1, problem = ?, updated_at = ? WHERE number = ? AND replay = ?"
        return [{ sql, parameters: [JSON.stringify(letter.problem), now(), number, replay] }]
      }),
  }
}
