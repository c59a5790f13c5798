import { useEffect, useState } from 'react'
import workerAddress from './evaluate.worker.ts?worker&url'
import type { Answer, Question } from './question.ts'

export type Evaluation =
  | { readonly state: 'busy' }
  | { readonly state: 'stopped' }
  | { readonly state: 'done'; readonly answer: Answer }

/** A filter that takes longer than this is stopped. */
const longestMs = 5000

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string }
}

/** Where the browser knows trusted types, code may begin only at an address that this policy has passed: ours. */
const policy = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy('sluse', {
  createScriptURL: (url) => {
    if (url === workerAddress) return url
    throw new TypeError('Only the worker of the playground is started.')
  },
})

let worker: Worker | undefined
let lastId = 0

/** What a filter makes of a JSON text, anew each time one of them changes. */
export function useEvaluation(filter: string, input: string): Evaluation {
  const [evaluation, setEvaluation] = useState<Evaluation>({ state: 'busy' })
  useEffect(() => {
    const id = ++lastId
    let timer: number | undefined
    const typing = window.setTimeout(() => {
      setEvaluation({ state: 'busy' })
      worker ??= new Worker(policy?.createScriptURL(workerAddress) ?? workerAddress, { type: 'module' })
      worker.onmessage = ({ data }: MessageEvent<Answer>) => {
        if (data.id !== id) return
        window.clearTimeout(timer)
        setEvaluation({ state: 'done', answer: data })
      }
      worker.postMessage({ id, filter, input } satisfies Question)
      timer = window.setTimeout(() => {
        end()
        setEvaluation({ state: 'stopped' })
      }, longestMs)
    }, 150)
    return () => {
      window.clearTimeout(typing)
      // It still works on what is no longer asked.
      if (timer !== undefined) {
        window.clearTimeout(timer)
        end()
      }
    }
  }, [filter, input])
  return evaluation
}

function end(): void {
  worker?.terminate()
  worker = undefined
}
