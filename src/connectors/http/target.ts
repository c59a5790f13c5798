import { fault, isObject, problem, type Json, type JsonObject, type Problem } from '../../workflow/index.ts'
import type { HttpResponse } from '../../http/index.ts'
import type { Delivery, RecordBatch, Target, WriteResult } from '../connector.ts'
import { eachRecord } from '../each-record.ts'
import { expression, jqOption, type Expression } from '../expression.ts'
import { refusalStatus, type HttpRequester } from './requester.ts'

export const httpTargetOptions: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    path: {
      type: 'string',
      default: '',
      description:
        "Below the connection's address; `{name}` stands for that member of the record, where each is sent alone.",
    },
    method: { enum: ['POST', 'PUT', 'PATCH', 'DELETE'], default: 'POST' },
    headers: { type: 'object', additionalProperties: { type: 'string' } },
    send: {
      enum: ['record', 'batch'],
      default: 'record',
      description: 'Each record alone, or a batch as a list.',
    },
    body: jqOption('jq on the record, or the list of them: what is sent. Default: all.'),
    accepted: jqOption(
      'jq on `{status, headers, body}`: whether what was sent is taken. For systems that answer 200 and say in the ' +
        'body that it was an error. Default: by the status.',
    ),
    reason: jqOption('jq on the same: why it was not taken, for the dead letter.'),
    refused: jqOption(
      'With `send: batch`, jq on the same: a list of the records that were not taken, as numbers from 0 or as ' +
        '`{index, reason}`.',
    ),
  },
}

/** Sends records. Each carries an `Idempotency-Key` that is the same on every attempt. */
export function httpTarget(requester: HttpRequester, options: JsonObject): Target {
  const filter = (name: string): Expression | undefined =>
    typeof options[name] === 'string' ? expression(options[name], name) : undefined
  const sender: Sender = {
    requester,
    options,
    body: filter('body'),
    accepted: filter('accepted'),
    reason: filter('reason'),
    refused: filter('refused'),
  }
  return {
    async begin({ concurrency }): Promise<Delivery> {
      return {
        resumable: true,
        parallel: true,
        write: (batch, signal) =>
          options.send === 'batch'
            ? sendBatch(sender, batch, signal)
            : sendEach(sender, batch, concurrency, signal),
        finish: async () => {},
        abort: async () => {},
      }
    },
  }
}

interface Sender {
  readonly requester: HttpRequester
  readonly options: JsonObject
  readonly body: Expression | undefined
  readonly accepted: Expression | undefined
  readonly reason: Expression | undefined
  readonly refused: Expression | undefined
}

type Refused = { index: number; problem: Problem }

function sendEach(
  sender: Sender,
  batch: RecordBatch,
  concurrency: number,
  signal: AbortSignal,
): Promise<WriteResult> {
  return eachRecord(batch, concurrency, async (record, index) => {
    const path = pathFor(String(sender.options.path ?? ''), record)
    if (typeof path !== 'string') return path
    const outcome = await send(sender, path, record, batch.idempotencyKey(index), signal)
    return 'problem' in outcome ? outcome.problem : undefined
  })
}

async function sendBatch(sender: Sender, batch: RecordBatch, signal: AbortSignal): Promise<WriteResult> {
  const values = batch.values()
  if (values.length === 0) return { refused: [], state: null }
  const outcome = await send(
    sender,
    String(sender.options.path ?? ''),
    [...values],
    batch.idempotencyKey(0),
    signal,
  )
  if ('problem' in outcome) {
    // Which of them it is about nobody says: so it is about all of them.
    return { refused: values.map((_, index) => ({ index, problem: outcome.problem })), state: null }
  }
  if (!sender.refused) return { refused: [], state: null }
  const told = sender.refused.first(outcome.answer)
  if (told === null) return { refused: [], state: null }
  if (!Array.isArray(told)) throw fault('validation', '`refused` does not give a list.')
  const refused = told.map((each): Refused => {
    const index = isObject(each) ? each.index : each
    const reason = isObject(each) && each.reason !== undefined ? `: ${textOf(each.reason)}` : ''
    if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index >= values.length) {
      throw fault('validation', '`refused` gives what is no number of a record in the batch.')
    }
    return { index, problem: problem('validation', `The system did not take the record${reason}.`) }
  })
  return { refused: refused.sort((one, other) => one.index - other.index), state: null }
}

async function send(
  { requester, options, body, accepted, reason }: Sender,
  path: string,
  value: Json,
  idempotencyKey: string,
  signal: AbortSignal,
): Promise<{ answer: Json } | { problem: Problem }> {
  const method = typeof options.method === 'string' ? options.method : 'POST'
  const request = {
    method,
    uri: requester.address(path),
    headers: {
      'content-type': 'application/json',
      'idempotency-key': idempotencyKey,
      ...(options.headers as { [name: string]: string } | undefined),
    },
    ...(method === 'DELETE' && !body ? {} : { body: JSON.stringify(body ? body.first(value) : value) }),
  }
  let response: HttpResponse
  try {
    response = await requester.send(request, signal)
  } catch (error) {
    const status = refusalStatus(error)
    if (status === undefined) throw error
    return {
      problem: problem('validation', `The system answered ${status}: it did not take the record.`, {
        status,
      }),
    }
  }
  if (!accepted && !reason) return { answer: answerOf(response) }
  const answer = answerOf(response)
  if (!accepted || accepted.first(answer) === true) return { answer }
  const why = reason?.first(answer)
  const detail = why === undefined || why === null ? '' : `: ${textOf(why)}`
  return {
    problem: problem(
      'validation',
      `The system answered ${response.status}, but did not take the record${detail}.`,
    ),
  }
}

function answerOf({ status, headers, body }: HttpResponse): Json {
  const text = Buffer.from(body).toString()
  let parsed: Json = text
  try {
    if (text !== '') parsed = JSON.parse(text) as Json
  } catch {
    // Then the text is what there is to judge.
  }
  return { status, headers: { ...headers }, body: parsed }
}

const textOf = (value: Json): string =>
  (typeof value === 'string' ? value : JSON.stringify(value)).replace(/[.\s]+$/, '').slice(0, 500)

/** `{name}` is that member of the record, encoded: it stays one step of the path. */
function pathFor(path: string, record: Json): string | Problem {
  let missing: string | undefined
  const filled = path.replace(/\{([^}]+)\}/g, (_all, name: string) => {
    const value = isObject(record) ? record[name] : undefined
    if (typeof value === 'string' && value !== '' && value !== '.' && value !== '..')
      return encodeURIComponent(value)
    if (typeof value === 'number' || typeof value === 'boolean') return String(value)
    missing ??= name
    return ''
  })
  return missing === undefined
    ? filled
    : problem('validation', `The record has no ${JSON.stringify(missing)}, which the path needs.`)
}
