import { openServer, type TestServer } from '../../src/server/testing/open-server.ts'
import { moveFiles } from './records.ts'

const document = (name: string, title: string, version = '1.0.0') =>
  `document: { dsl: '1.0.3', namespace: andeby, name: ${name}, version: '${version}', title: ${title} }\n`

/** Two versions of one pipeline: what differs is how much one may apply for, and a last branch. */
const grant = (version: string, most: string, more = '') =>
  `${document('grant-application', 'Tilskud til foreningslokaler', version)}input:
  schema:
    document:
      type: object
      title: Ansøgning
      required: [association, amount]
      properties:
        association: { type: string, title: Forening, minLength: 2 }
        amount: { type: number, title: Beløb, minimum: 1, description: I kroner }
        kind: { type: string, title: Slags, enum: [sport, kultur, andet], default: sport }
        urgent: { type: boolean, title: Haster }
        rooms: { type: array, title: Lokaler, items: { type: string } }
do:
  - check:
      switch:
        - large: { when: .amount > ${most.replace('.', '')}, then: tooLarge }
        - small: { then: eachRoom }
  - tooLarge:
      raise:
        error:
          type: https://andeby.dk/errors/too-large
          status: 422
          title: Beløbet er for stort
          detail: Der kan højst søges om ${most} kr.
  - eachRoom:
      for: { each: room, in: '.rooms // []' }
      do:
        - reserve: { set: { room: '\${ $room }', reserved: true } }
  - deliver:
      fork:
        branches:
          - toCaseSystem: { set: { caseNumber: S-2026-17 } }
          - toFinance:
              try:
                - post: { set: { receipt: R-1 } }
              catch: { as: error, retry: { delay: { seconds: 1 }, limit: { attempt: { count: 3 } } } }
${more}`

/** A small municipality: something of each kind to look at, that needs no other system. */
const files = {
  ...moveFiles,
  'pipelines/grant.yaml': grant('1.0.0', '100.000'),
  'pipelines/grant-2.yaml': grant('1.1.0', '150.000', '          - toArchive: { set: { archived: true } }\n'),
  'functions/score/1.0.0/function.yaml': `run: { shell: { command: node score.mjs } }
metadata: { protocol: ndjson, title: Vurderer en ansøgning }
`,
  'functions/score/1.0.0/score.mjs': `import { createInterface } from 'node:readline'
for await (const line of createInterface({ input: process.stdin })) {
  const { association, amount } = JSON.parse(line)
  console.error('Vurderer ansøgningen fra ' + association)
  console.error('Beløbet er ' + amount + ' kr.; grænsen er 100.000 kr.')
  console.log(JSON.stringify({ association, score: amount < 100000 ? 'lav' : 'høj' }))
}
`,
  'pipelines/score.yaml': `${document('score-application', 'Vurdering af ansøgning')}do:
  - score: { call: 'score:1.0.0@default', with: { association: '\${ .association }', amount: '\${ .amount }' } }
`,
  'pipelines/post.yaml': `${document('post-to-finance', 'Bogføring i økonomisystemet')}do:
  - post: { call: http, with: { method: post, endpoint: 'http://127.0.0.1:9/postings', body: { amount: 12500 } } }
`,
  'connections/finance.yaml': `apiVersion: dapr.io/v1alpha1
kind: HTTPEndpoint
metadata: { name: økonomi, annotations: { sluse/max-concurrent: '4' } }
spec: { baseUrl: 'http://127.0.0.1:9' }
`,
  'pipelines/answer.yaml': `${document('await-answer', 'Høring af nabo')}do:
  - ask: { set: { asked: true, neighbour: '\${ .neighbour }' } }
  - answer: { listen: { to: { one: { with: { type: dk.andeby.hearing.answered } } } } }
  - close: { set: { closed: true } }
`,
  'pipelines/report.yaml': `${document('morning-report', 'Morgenrapport')}schedule: { cron: '0 7 * * *' }
do:
  - count: { set: { open: 3 } }
`,
  'pipelines/parent.yaml': `${document('month-end', 'Månedsafslutning')}do:
  - everyDistrict:
      for: { each: district, in: '["Havnen", "Bakken"]' }
      do:
        - close:
            run: { workflow: { namespace: andeby, name: grant-application, version: '1.1.0', input: { association: Havnen, amount: 10 } } }
`,
  'pipelines/payment.yaml': `${document('payment', 'Udbetaling af tilskud')}do:
  - approvePayment:
      call: approve:1.0.0@default
      with:
        title: '\${ "Udbetaling til \\(.association)" }'
        description: '\${ "Der skal udbetales **\\(.amount) kr.**\\n\\n- Kontér på konto 1234\\n- Se [reglerne](https://example.dk/regler)" }'
        show:
          - title: Ansøgningen
            document: \${ . }
          - title: Posteringer
            table:
              key: line
              columns: [{ field: line, title: Linje }, { field: text, title: Tekst }, { field: amount, title: Beløb }]
              rows: [{ line: 1, text: Hal, amount: 9000 }, { line: 2, text: Rengøring, amount: 3500 }]
              before: [{ line: 1, text: Hal, amount: 8000 }]
        form:
          type: object
          required: [account]
          properties: { account: { type: string, title: Konto, pattern: '[0-9]{4}' } }
        approvers: { roles: [approver] }
        fourEyes: false
        deadline: { workingDays: 5 }
  - pay: { set: { paid: true } }
`,
  'pipelines/old.yaml': `${document('broken', 'Under arbejde')}do:
  - first: { sit: 1 }
`,
}

export type Demo = TestServer & { readonly runs: DemoRuns }

/** A server with a municipality on it, and runs of every state. */
export async function openDemo(
  more: { readonly [file: string]: string } = {},
  options: Parameters<typeof openServer>[1] = {},
): Promise<Demo> {
  const server = await openServer({ ...files, ...more }, options)
  const start = async (name: string, input: unknown) => {
    const { json } = await server.call('POST', `/api/v1/pipelines/andeby/${name}/runs`, { json: { input } })
    return json.id as string
  }
  const rooms = ['Store sal', 'Mødelokale 2', 'Køkken']
  const completed = await start('grant-application', { association: 'Andeby Boldklub', amount: 12500, rooms })
  const failed = await start('grant-application', { association: 'Koret', amount: 250_000, rooms: [] })
  const waiting = await start('await-answer', { neighbour: 'Fætter Guf' })
  const suspended = await start('await-answer', { neighbour: 'Bedstemor And' })
  const cancelled = await start('await-answer', { neighbour: 'Joakim von And' })
  const parent = await start('month-end', {})
  const payment = await start('payment', { association: 'Andeby Boldklub', amount: 12500 })
  const scored = await start('score-application', { association: 'Andeby Boldklub', amount: 12500 })
  const moved = await start('move', {})
  const approval = await approvalOf(server, payment)
  for (const id of [completed, failed, parent, scored, moved]) await server.app.engine.outcome(id)
  await server.call('POST', `/api/v1/runs/${suspended}/suspend`)
  const { transfers } = (await server.call('GET', `/api/v1/transfers?run=${moved}`)).json
  const transfer = transfers[0].id as string
  await server.call('POST', `/api/v1/runs/${cancelled}/cancel`)
  return Object.assign(server, {
    runs: { completed, failed, waiting, suspended, cancelled, parent, payment, scored, approval, transfer },
  })
}

/** Id of the approval that a run asks for, once it does. */
export async function approvalOf(
  server: TestServer,
  run: string,
  headers: { readonly [name: string]: string } = {},
): Promise<string> {
  for (;;) {
    const { json } = await server.call('GET', '/api/v1/approvals?box=all', { headers })
    const found = (json.approvals as { id: string; run: string }[]).find((each) => each.run === run)
    if (found) return found.id
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export interface DemoRuns {
  readonly completed: string
  readonly failed: string
  readonly waiting: string
  readonly suspended: string
  readonly cancelled: string
  readonly parent: string
  /** Waits for an approval. */
  readonly payment: string
  /** Called a function, which said something. */
  readonly scored: string
  /** Id of that approval. */
  readonly approval: string
  /** Id of a transfer with dead letters. */
  readonly transfer: string
}
