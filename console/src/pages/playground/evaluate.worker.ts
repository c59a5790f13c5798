import { compile } from 'sluse/jq'
import type { Answer, Question } from './question.ts'

/** Evaluates in a thread of its own: a filter that never ends is stopped by ending the thread. */
self.onmessage = ({ data }: MessageEvent<Question>) => {
  self.postMessage(answerTo(data))
}

const mostResults = 1000
const mostCharacters = 500_000

function answerTo({ id, filter, input }: Question): Answer {
  try {
    const run = compile(filter)
    const results: string[] = []
    let size = 0
    for (const value of run(JSON.parse(input) as never)) {
      const text = JSON.stringify(value, undefined, 2)
      size += text.length
      if (results.length >= mostResults || size > mostCharacters) return { id, results, cut: true }
      results.push(text)
    }
    return { id, results, cut: false }
  } catch (error) {
    return { id, fault: error instanceof Error ? error.message : String(error) }
  }
}
