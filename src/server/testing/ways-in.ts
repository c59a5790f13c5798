import { vi } from 'vitest'
import { runCommandLine } from '../../cli/index.ts'
import type { Browser } from './open-provider.ts'
import type { TestServer } from './open-server.ts'
import type { Headers } from './people.ts'

/** What somebody asks of an approval, or of the stand-ins, and how it is answered. */
export interface WayIn {
  decide(who: string, id: string, decision: Decision): Promise<Told>
  claim(who: string, id: string): Promise<Told>
  release(who: string, id: string): Promise<Told>
  reassign(who: string, id: string, users: readonly string[]): Promise<Told>
  delegate(who: string, to: string, endsAt: string): Promise<Told>
  endDelegation(who: string, id: string): Promise<Told>
}

export interface Decision {
  readonly decision: 'approved' | 'rejected' | 'changes-requested'
  readonly comment?: string
  readonly form?: object
}

/** The approval's status, the id of what was made, or the code of the refusal. */
export type Told = string

interface People {
  readonly server: TestServer
  readonly keys: { readonly [name: string]: Headers }
  readonly browsers: { readonly [name: string]: Browser }
}

export const wayNames = ['the API with a key', 'a session, as the console has', 'the command line'] as const

/** Every way in, each of which ends at the same gate. */
export function waysIn(people: People): { readonly [way in (typeof wayNames)[number]]: WayIn } {
  return {
    'the API with a key': overHttp(async (who, path, body) => {
      const headers = people.keys[who] ?? {}
      return (await people.server.call('POST', path, { headers, ...(body && { json: body }) })).json
    }),
    'a session, as the console has': overHttp(async (who, path, body) => {
      const answer = await people.browsers[who]?.go(`${people.server.url}${path}`, {
        method: 'POST',
        headers: { 'sluse-request': '1', ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      })
      return answer?.status === 204 ? {} : answer?.json()
    }),
    'the command line': byCommandLine(people),
  }
}

interface Answer {
  readonly code?: string
  readonly status?: string | number
  readonly id?: string
}

function toldBy(answer: Answer | undefined): Told {
  const { code, status, id = '' } = answer ?? {}
  return code ?? (typeof status === 'string' ? status : id)
}

function overHttp(post: (who: string, path: string, body?: object) => Promise<unknown>): WayIn {
  const ask = async (who: string, path: string, body?: object) =>
    toldBy((await post(who, `/api/v1${path}`, body)) as Answer | undefined)
  return {
    decide: (who, id, decision) => ask(who, `/approvals/${id}/decide`, decision),
    claim: (who, id) => ask(who, `/approvals/${id}/claim`),
    release: (who, id) => ask(who, `/approvals/${id}/release`),
    reassign: (who, id, users) => ask(who, `/approvals/${id}/reassign`, { to: { users } }),
    delegate: (who, to, endsAt) => ask(who, '/delegations', { to, endsAt }),
    endDelegation: (who, id) => ask(who, `/delegations/${id}/end`),
  }
}

const words = { approved: 'approve', rejected: 'reject', 'changes-requested': 'changes' } as const

/** The program in this process: it writes to standard output, so one after the other. */
function byCommandLine({ server, keys }: People): WayIn {
  let last: Promise<unknown> = Promise.resolve()
  const run = (who: string, given: readonly string[]): Promise<Told> => {
    const mine = last.then(async () => {
      let out = ''
      const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
        out += String(chunk)
        return true
      })
      try {
        const token = keys[who]?.authorization?.replace('Bearer ', '') ?? ''
        const to = ['--server', server.url, '--token', token, '--output', 'json']
        await runCommandLine(['approvals', ...given, ...to])
      } finally {
        write.mockRestore()
      }
      return toldBy(out === '' ? undefined : (JSON.parse(out) as Answer))
    })
    last = mine.catch(() => {})
    return mine
  }
  return {
    decide: (who, id, { decision, comment, form }) =>
      run(who, [
        'decide',
        id,
        words[decision],
        ...(comment === undefined ? [] : ['--comment', comment]),
        ...(form === undefined ? [] : ['--form', JSON.stringify(form)]),
      ]),
    claim: (who, id) => run(who, ['claim', id]),
    release: (who, id) => run(who, ['release', id]),
    reassign: (who, id, users) => run(who, ['reassign', id, ...users.flatMap((user) => ['--user', user])]),
    delegate: (who, to, endsAt) => run(who, ['delegate', to, '--until', endsAt]),
    endDelegation: (who, id) => run(who, ['end-delegation', id]),
  }
}
