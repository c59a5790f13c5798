import { proxyLocalActivities } from '@temporalio/workflow'
import type { RecordActivities } from '../protocol.ts'
import { recordOptions } from './options.ts'
import { room } from './room.ts'

const local = proxyLocalActivities<RecordActivities>(recordOptions)

let last: Promise<unknown> = Promise.resolve()

/**
 * What a run asks of the records, one question at a time: of several under way Temporal's libraries keep no order in which
 * they are answered, and a replay would see another one.
 */
export const records: RecordActivities = {
  setOut: inTurn(local.setOut),
  commit: inTurn(local.commit),
  commitAlone: inTurn(local.commitAlone),
  takeBack: inTurn(local.takeBack),
  next: inTurn(local.next),
  beginChild: inTurn(local.beginChild),
  childOutcome: inTurn(local.childOutcome),
}

function inTurn<Given extends unknown[], Answer>(
  ask: (...given: Given) => Promise<Answer>,
): (...given: Given) => Promise<Answer> {
  return (...given) => {
    const answer = last.then(() => {
      const later = room()
      return later ? later.then(() => ask(...given)) : ask(...given)
    })
    last = answer.catch(() => {})
    return answer
  }
}
