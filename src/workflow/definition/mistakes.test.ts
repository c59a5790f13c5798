import { describe, expect, it, test } from 'vitest'
import { errorTable } from '../../errors.ts'
import { load, type Finding, type LoadOptions } from './index.ts'

/** Line 1 of every text. */
const head = "document: { dsl: '1.0.3', namespace: test, name: mistakes, version: '1.0.0' }\n"

function find(text: string, options?: LoadOptions): readonly Finding[] {
  return load(head + text, options).findings
}

/** Text, then for each finding: line, pointer, and message with what to do. */
type Case = [text: string, ...findings: [line: number, pointer: string, says: string][]]

function check(cases: readonly Case[]): void {
  const named = cases.map(([text, ...wanted]) => ({ says: wanted[0]?.[2], text, wanted }))
  test.each(named)('$says', ({ text, wanted }) => {
    const found = find(text)
    expect(found.map(({ line, pointer }) => [line, pointer])).toEqual(
      wanted.map(([line, pointer]) => [line, pointer]),
    )
    found.forEach(({ message, todo }, index) => expect(`${message} ${todo}`).toContain(wanted[index]?.[2]))
  })
}

describe('keys and values', () => {
  check([
    [
      'do:\n  - a:\n      try:\n        - b: { call: http, with: { method: 5, endpoint: https://x.dk } }\n      catch: {}',
      [
        5,
        '/do/0/a/try/0/b/with/method',
        "`method` must be text, but is the number 5. Put quotes around it: '5'.",
      ],
    ],
    [
      'do:\n  - a: { call: http, with: { methdo: get, endpoint: https://x.dk } }',
      [3, '/do/0/a/with/methdo', '`with` has no key `methdo`. Did you mean `method`?'],
    ],
    [
      'do:\n  - a: { call: http, with: { method: get, uri: https://x.dk } }',
      [3, '/do/0/a/with/uri', 'It belongs one level deeper, below `endpoint`.'],
    ],
    [
      'do:\n  - a: { call: http, with: { endpoint: https://x.dk } }',
      [3, '/do/0/a/with', '`with` lacks `method`. Add it.'],
    ],
    [
      'do:\n  - a: { call: http, with: { method: get, endpoint: https://x.dk, output: jsno } }',
      [3, '/do/0/a/with/output', '`output` must be `raw`, `content` or `response`, not the text "jsno".'],
    ],
    [
      'do:\n  - a: { call: http, with: { method: get, endpoint: { url: https://x.dk } } }',
      [3, '/do/0/a/with/endpoint/url', 'Did you mean `uri`?'],
    ],
    [
      'do:\n  - a: { call: http, with: { method: get, endpoint: not a uri } }',
      [3, '/do/0/a/with/endpoint', '`endpoint` must be a URI, a URI template such as'],
    ],
    [
      "do:\n  - a: { call: http, with: { method: get, endpoint: 'https://x.dk/{id' } }",
      [3, '/do/0/a/with/endpoint', 'The braces in the text "https://x.dk/{id" do not match.'],
    ],
    [
      "do:\n  - a: { call: http, with: { method: get, endpoint: 'https://x.dk/{?id}' } }",
      [3, '/do/0/a/with/endpoint', '`{?` is an operator of URI templates that the language does not have.'],
    ],
    ['do:\n  - a: { wait: 5s }', [3, '/do/0/a/wait', '`wait` must be a duration, not the text "5s".']],
    ['do:\n  - a: { wait: 5 }', [3, '/do/0/a/wait', 'Write `seconds: 5`, or ISO 8601 such as PT30S.']],
    ['do:\n  - a: { wait: { second: 5 } }', [3, '/do/0/a/wait/second', 'Did you mean `seconds`?']],
    ["do:\n  - a: { wait: { seconds: '5' } }", [3, '/do/0/a/wait/seconds', 'Leave the quotes out']],
    [
      'do:\n  - a: { wait: { seconds: -5 } }',
      [3, '/do/0/a/wait/seconds', '`seconds` must be at least 0, but is -5.'],
    ],
    ['do:\n  - a: { wait: P1M }', [3, '/do/0/a/wait', 'a month as 30']],
    [
      'do:\n  - a: { run: { shell: { command: ls }, script: { language: js, code: x } } }',
      [3, '/do/0/a/run/shell', 'but has `script` and `shell`. Keep exactly one of them.'],
    ],
    [
      'do:\n  - a: { run: { await: false } }',
      [
        3,
        '/do/0/a/run',
        '`run` needs exactly one of `container`, `script`, `shell` and `workflow`, but has none.',
      ],
    ],
    [
      'do:\n  - a: { run: { container: { image: x, lifetime: { cleanup: always, after: PT1S } } } }',
      [3, '/do/0/a/run/container/lifetime/after', '`after` goes with `cleanup: eventually` only.'],
    ],
    [
      'do:\n  - a: { listen: { to: { one: { with: { type: x } }, until: .x } } }',
      [3, '/do/0/a/listen/to/until', '`until` goes together with `any` only.'],
    ],
    [
      'do:\n  - a: { emit: { event: { with: { source: /x } } } }',
      [3, '/do/0/a/emit/event/with', '`with` lacks `type`.'],
    ],
    ['doo: 1\ndo:\n  - a: { set: { x: 1 } }', [2, '/doo', 'A workflow has no key `doo`: it is ignored.']],
    [
      'use: { authentications: { x: { use: y } } }\ndo:\n  - a: { set: { x: 1 } }',
      [
        2,
        '/use/authentications/x',
        '`x` needs exactly one of `basic`, `bearer`, `digest`, `oauth2` and `oidc`',
      ],
      [2, '/use/authentications/x/use', '`x` has no key `use`'],
    ],
  ])
})

describe('what the language leaves to metadata', () => {
  check([
    [
      'do:\n  - a: { for: { in: .x }, do: [ { b: { set: { x: 1 } } } ], metadata: { concurrency: 0, owner: me } }',
      [3, '/do/0/a/metadata/concurrency', '`concurrency` must be at least 1, but is 0.'],
    ],
    [
      'do:\n  - a: { call: http, with: { method: get, endpoint: https://x.dk }, metadata: { saveTo: disk } }',
      [3, '/do/0/a/metadata/saveTo', '`saveTo` must be `file`, not the text "disk".'],
    ],
  ])

  it('is checked for the schedule, but not what another made of that key', () => {
    const schedule = (text: string) =>
      load(`${head.replace(' }\n', `, metadata: { schedule: ${text} } }\n`)}do:\n  - a: { set: { x: 1 } }`)
        .findings
    expect(schedule('{ timezone: Europe/Copenhagen, missed: all }')).toEqual([])
    expect(schedule('nightly')).toEqual([])
    expect(schedule('{ timezone: Europe/Kopenhagen }')).toMatchObject([
      {
        pointer: '/document/metadata/schedule/timezone',
        message: '"Europe/Kopenhagen" is not the name of a time zone.',
      },
    ])
  })
})

describe('tasks and lists', () => {
  check([
    [
      'do:\n  a: { set: { x: 1 } }',
      [3, '/do', '`do` must be a list of tasks, but is a map. Begin each task with `- `'],
    ],
    ['do:\n  - a:\n    set: { x: 1 }', [3, '/do/0', 'Indent `set` further, so that it belongs to `a`.']],
    ['do:\n  - set: { x: 1 }', [3, '/do/0/set', 'give it a name: `- name:`, and `set` below it.']],
    ['do:\n  - a: { set: { x: 1 }, b: { set: { x: 1 } } }', [3, '/do/0/a/b', '`a` has no key `b`.']],
    [
      'do:\n  - a: { set: { x: 1 }, call: f }',
      [3, '/do/0/a', '`a` is several tasks in one: it has `call` and `set`.'],
    ],
    ['do:\n  - a: { sett: { x: 1 } }', [3, '/do/0/a', 'none says what to do. Did you mean `set`?']],
    ['do:\n  - a: {}', [3, '/do/0/a', '`a` is no task: it has no key']],
    ['do:\n  - a:', [3, '/do/0/a', '`a` must be a task, but is empty.']],
    ['do:\n  - a: { catch: {} }', [3, '/do/0/a', 'Put the tasks whose errors it catches below `try`.']],
    ['do: []', [2, '/do', '`do` has no task: it does nothing.']],
    ['do:\n  - a: { fork: { branches: [] } }', [3, '/do/0/a/fork/branches', '`branches` has no task']],
    [
      'do:\n  - a: { set: { x: 1 } }\n  - a: { set: { x: 1 } }',
      [4, '/do/1/a', 'There are two tasks `a` in this list.'],
    ],
    ['do:\n  - exit: { set: { x: 1 } }', [3, '/do/0/exit', '`exit` is a word of the language']],
    ['do:\n  - first: { set: { x: 1 }, than: end }', [3, '/do/0/first/than', 'Did you mean `then`?']],
    [
      'do:\n  - first: { set: { x: 1 }, then: secnd }\n  - second: { set: { x: 1 } }',
      [3, '/do/0/first/then', 'There is no task `secnd` to go to. Did you mean `second`?'],
    ],
    [
      'do:\n  - a: { do: [ { inner: { set: { x: 1 } } } ] }\n  - b: { set: { x: 1 }, then: inner }',
      [
        4,
        '/do/1/b/then',
        '`then` cannot go to `inner`: that task is in another list. Tasks beside this one are `a` and `b`.',
      ],
    ],
    [
      'do:\n  - a: { try: [ { x: { set: { y: 1 } } } ], catch: { then: nowhere } }',
      [3, '/do/0/a/catch/then', 'There is no task `nowhere` to go to.'],
    ],
    [
      'do:\n  - a: { set: { x: 1 }, then: end }\n  - b: { set: { x: 1 } }',
      [4, '/do/1/b', 'Nothing leads to `b`: the tasks before it all go elsewhere.'],
    ],
    [
      'do:\n  - a: { switch: [ { x: { then: end } }, { y: { then: end } } ] }',
      [3, '/do/0/a/switch/1/y', '`x` and `y` both have no `when`: there can be only one default case.'],
    ],
    [
      'do:\n  - a: { run: { workflow: { namespace: test, name: mistakes, version: latest } } }',
      [3, '/do/0/a/run/workflow', 'The workflow runs itself'],
    ],
  ])

  it('says nothing where a workflow runs itself under a condition', () => {
    const child = 'run: { workflow: { namespace: test, name: mistakes, version: latest } }'
    expect(find(`do:\n  - a: { if: .more, ${child} }`)).toEqual([])
    expect(find(`do:\n  - c: { switch: [ { x: { when: .x, then: end } } ] }\n  - a: { ${child} }`)).toEqual(
      [],
    )
  })
})

describe('names', () => {
  check([
    [
      'do:\n  - a: { call: htpp, with: { x: 1 } }',
      [3, '/do/0/a/call', 'There is no function `htpp`. Did you mean `http`?'],
    ],
    [
      'do:\n  - a: { call: f:1.0.0@nope }',
      [3, '/do/0/a/call', 'There is no catalog `nope` in `use.catalogs`.'],
    ],
    [
      'do:\n  - a: { raise: { error: boom } }\nuse: { errors: { bom: { type: https://x.dk, status: 400 } } }',
      [3, '/do/0/a/raise/error', 'There is no error `boom` in `use.errors`. Did you mean `bom`?'],
    ],
    [
      'do:\n  - a: { try: [ { x: { set: { a: 1 } } } ], catch: { retry: often } }',
      [3, '/do/0/a/catch/retry', 'There is no retry policy `often` in `use.retries`.'],
    ],
    ['do:\n  - a: { set: { a: 1 }, timeout: short }', [3, '/do/0/a/timeout', 'There is no timeout `short`']],
    ['timeout: short\ndo:\n  - a: { set: { a: 1 } }', [2, '/timeout', 'There is no timeout `short`']],
    [
      'do:\n  - a: { call: http, with: { method: get, endpoint: { uri: https://x.dk, authentication: { use: me } } } }',
      [3, '/do/0/a/with/endpoint/authentication/use', 'There is no authentication policy `me`'],
    ],
    [
      'do:\n  - a: { call: http, with: { method: get, endpoint: { uri: https://x.dk, authentication: { basic: { use: s } } } } }',
      [3, '/do/0/a/with/endpoint/authentication/basic/use', 'There is no secret `s` in `use.secrets`.'],
    ],
    [
      'use: { functions: { f: { set: { a: 1 }, then: g } } }\ndo:\n  - a: { call: f }',
      [2, '/use/functions/f/then', 'a function has no tasks beside it'],
    ],
  ])

  it('of the default catalog are known where the caller lists them', () => {
    const functions = ['validate-form:1.0.0', 'double:1.0.0']
    const call = (name: string) =>
      find(`do:\n  - a: { call: '${name}' }`, { functions }).map(({ message, todo }) => `${message} ${todo}`)
    expect(call('validate-form:1.0.0@default')).toEqual([])
    expect(call('validate-form:2.0.0@default')).toEqual([
      'The default catalog has no function `validate-form` in version 2.0.0. There is `validate-form:1.0.0`.',
    ])
    expect(call('validate-from:1.0.0@default')[0]).toContain('Did you mean `validate-form:1.0.0`?')
  })
})

describe('expressions', () => {
  check([
    ['do:\n  - a: { if: .a ==, set: { x: 1 } }', [3, '/do/0/a/if', '`if` is not valid jq:']],
    ['do:\n  - a: { if: nosuch(.a), set: { x: 1 } }', [3, '/do/0/a/if', '`if` is not valid jq:']],
    ["do:\n  - a: { set: { x: '${ input }' } }", [3, '/do/0/a/set/x', '`x` is not valid jq:']],
    ["do:\n  - a: { set: { x: '${ .a }-${ .b }' } }", [3, '/do/0/a/set/x', 'more than one `${ }`']],
    ["do:\n  - a: { set: { x: '${ $foo }' } }", [3, '/do/0/a/set/x', 'There is no variable `$foo` here.']],
    ["do:\n  - a: { set: { x: '${ $contxt }' } }", [3, '/do/0/a/set/x', 'Did you mean `$context`?']],
    [
      'do:\n  - a: { if: $input.x, set: { x: 1 } }',
      [3, '/do/0/a/if', '`$input` is not available in the condition of a task.'],
    ],
    [
      'input: { from: $context }\ndo:\n  - a: { set: { x: 1 } }',
      [2, '/input/from', "`$context` is not available in the workflow's `input.from`."],
    ],
    [
      'output: { as: $task.name }\ndo:\n  - a: { set: { x: 1 } }',
      [2, '/output/as', "`$task` is not available in the workflow's `output.as`."],
    ],
    [
      "do:\n  - a: { for: { each: pet, in: .pets }, do: [ { b: { set: { x: '${ $pet + $pte }' } } } ] }",
      [3, '/do/0/a/do/0/b/set/x', 'There is no variable `$pte` here. Did you mean `$pet`?'],
    ],
    [
      'do:\n  - a: { for: { each: pet, in: .pets }, do: [ { b: { set: { x: 1 } } } ], output: { as: $pet } }',
      [3, '/do/0/a/output/as', 'There is no variable `$pet` here.'],
    ],
    [
      "do:\n  - a: { try: [ { b: { set: { x: '${ $error }' } } } ], catch: { as: err, when: $err.status, do: [ { c: { set: { x: '${ $err }' } } } ] } }",
      [3, '/do/0/a/try/0/b/set/x', 'There is no variable `$error` here.'],
    ],
    [
      "use: { secrets: [ token ] }\ndo:\n  - a: { set: { x: '${ $secrets.tokn }' } }",
      [
        4,
        '/do/0/a/set/x',
        'The secret `tokn` is not listed in `use.secrets`, so the workflow may not read it. Did you mean `token`?',
      ],
    ],
    [
      "do:\n  - a: { set: { x: 'Hello ${ .name }!' } }",
      [3, '/do/0/a/set/x', '`${ }` within a text is not evaluated.'],
    ],
    ['do:\n  - a: { set: { x: .name } }', [3, '/do/0/a/set/x', 'Write ${ .name } if it is to be evaluated.']],
    [
      'evaluate: { language: js }\ndo:\n  - a: { set: { x: 1 } }',
      [2, '/evaluate/language', 'Expressions in `js` are not supported.'],
    ],
  ])

  it('see the variables of the tasks around them, and of jq itself', () => {
    expect(
      find(`
do:
  - a:
      for: { in: .pets }
      while: $index < 3
      do:
        - b:
            listen: { to: { any: [] } }
            foreach: { item: event, do: [ { c: { set: { x: '\${ [$item, $event, $index] }' } } } ], output: { as: $event } }
        - d: { set: { x: '\${ .a as $v | reduce .b[] as [$p] (0; . + $p + $v) }' }, export: { as: $output } }
`),
    ).toEqual([])
  })

  it('of extensions see the extended task only, and their tasks no variables of others', () => {
    const use = (text: string) =>
      find(
        `use: { extensions: [ { log: { extend: all, ${text} } } ] }\ndo:\n  - a: { for: { in: .x }, do: [ { b: { set: { x: 1 } } } ] }`,
      )
    expect(use('when: $task.name == "b"')).toEqual([])
    expect(use('when: $input.x')).toMatchObject([
      { message: '`$input` is not available in the condition of a task.' },
    ])
    expect(use('before: [ { c: { set: { x: "${ $item }" } } } ]')).toMatchObject([
      { message: 'There is no variable `$item` here.' },
    ])
  })

  it('may be any text in loose mode, where none is a mistake', () => {
    expect(
      find("evaluate: { mode: loose }\ndo:\n  - a: { set: { x: .name, y: 'Hello ${ .x }', z: a b c } }"),
    ).toEqual([])
  })
})

describe('the definition as a whole', () => {
  check([
    [
      "schedule: { cron: '0 0 * * * *' }\ndo:\n  - a: { set: { x: 1 } }",
      [2, '/schedule/cron', 'five fields, but this has 6'],
    ],
    [
      "schedule: { cron: '61 * * * *' }\ndo:\n  - a: { set: { x: 1 } }",
      [2, '/schedule/cron', 'The minute field "61" is not valid'],
    ],
    [
      "schedule: { cron: '@daily' }\ndo:\n  - a: { set: { x: 1 } }",
      [2, '/schedule/cron', "Write '0 0 * * *'."],
    ],
    [
      "schedule: { cron: '0 0 31 2 *' }\ndo:\n  - a: { set: { x: 1 } }",
      [2, '/schedule/cron', 'no chosen month has a day 31'],
    ],
    [
      'schedule: { every: PT0S }\ndo:\n  - a: { set: { x: 1 } }',
      [2, '/schedule/every', 'it would run without end'],
    ],
    [
      "schedule: { cron: '0 0 * * *', every: PT1S }\ndo:\n  - a: { set: { x: 1 } }",
      [2, '/schedule/cron', 'but has `every` and `cron`'],
    ],
    [
      'schedule: { every: PT1S, read: data }\ndo:\n  - a: { set: { x: 1 } }',
      [2, '/schedule/read', 'goes together with `on` only'],
    ],
    [
      'input: { schema: { document: { type: objekt } } }\ndo:\n  - a: { set: { x: 1 } }',
      [2, '/input/schema/document/type', 'The JSON Schema is not valid at /type'],
    ],
    [
      "input: { schema: { document: { $ref: '#/$defs/none' } } }\ndo:\n  - a: { set: { x: 1 } }",
      [2, '/input/schema/document', 'The JSON Schema cannot be compiled'],
    ],
    [
      'input: { schema: { format: avro, document: {} } }\ndo:\n  - a: { set: { x: 1 } }',
      [2, '/input/schema/format', 'Schemas of the format `avro` are not supported.'],
    ],
  ])

  it.each(['1.0.0', '1.0.1', '1.0.2', '1.0.3', '1.0.0-alpha5', '1.0.3-rc.1', '1.0.1+build'])(
    'of DSL %s is taken',
    (dsl) => {
      expect(load(head.replace("'1.0.3'", `'${dsl}'`) + 'do:\n  - a: { set: { x: 1 } }').findings).toEqual([])
    },
  )

  it.each(['1.0.4', '1.1.0', '2.0.0', '0.8.0'])('of DSL %s is refused', (dsl) => {
    expect(
      load(head.replace("'1.0.3'", `'${dsl}'`) + 'do:\n  - a: { set: { x: 1 } }').findings,
    ).toMatchObject([{ code: 'SLUSE-DEFINITION-DSL', pointer: '/document/dsl', line: 1 }])
  })

  it('takes schemas of the dialects that it knows', () => {
    const schema = (text: string) => find(`input: { schema: ${text} }\ndo:\n  - a: { set: { x: 1 } }`)
    expect(schema('{ format: json, document: { type: object, prefixItems: [] } }')).toHaveLength(1)
    expect(schema('{ document: true }')).toEqual([])
    expect(schema("{ format: 'json:draft-07', document: { items: [ { type: string } ] } }")).toEqual([])
    expect(
      schema('{ document: { $schema: http://json-schema.org/draft-07/schema#, items: [ true ] } }'),
    ).toEqual([])
    expect(
      schema(
        '{ document: { $schema: https://json-schema.org/draft/2020-12/schema, items: { type: string } } }',
      ),
    ).toEqual([])
    expect(schema('{ document: { items: [ true ] } }')).toHaveLength(1)
    expect(schema('{ document: { $schema: https://example.org/other } }')).toMatchObject([
      { code: 'SLUSE-DEFINITION-UNSUPPORTED' },
    ])
  })

  it('is refused by name where the caller cannot carry it out', () => {
    const unsupported = {
      'call.grpc': 'Use an HTTP gateway.',
      'task.listen': 'Use a schedule.',
      'run.container': 'Use a shell command.',
    }
    const text =
      'do:\n  - a: { listen: { to: { any: [] } } }\n  - b: { run: { container: { image: x } } }\n  - c: { call: grpc, with: { proto: { endpoint: file:///x.proto }, service: { name: S, host: h }, method: M } }'
    expect(find(text)).toEqual([])
    expect(find(text, { unsupported }).map(({ line, message, todo }) => [line, message, todo])).toEqual([
      [3, '`listen` is not supported here.', 'Use a schedule.'],
      [4, '`container` is not supported here (run).', 'Use a shell command.'],
      [5, '`grpc` is not supported here (call).', 'Use an HTTP gateway.'],
    ])
  })
})

/** What stands in public samples of other implementations, in definitions of ours. */
describe('what other implementations allow', () => {
  check([
    [
      'do:\n  - a: { set: { fullName: "${ .first + \' \' + .last }" } }',
      [3, '/do/0/a/set/fullName', 'Text stands in double quotes.'],
    ],
    [
      'use: { secrets: [ me ] }\ndo:\n  - a: { set: { user: "${ $secret.me.user }" } }',
      [4, '/do/0/a/set/user', 'There is no variable `$secret` here. Did you mean `$secrets`?'],
    ],
    [
      'schedule: { cron: "* * * * * ?" }\ndo:\n  - a: { set: { x: 1 } }',
      [2, '/schedule/cron', 'there are no seconds and no years'],
    ],
    [
      'do:\n  - a: { raise: { error: { type: https://x.dk/e, status: 400, instance: raiseError } } }',
      [3, '/do/0/a/raise/error/instance', '`instance` must be a JSON pointer'],
    ],
    [
      'do:\n  - a: { set: { id: "${ uuid }", home: "${ $env.HOME }", name: "${ $data.name }" } }',
      [3, '/do/0/a/set/id', 'uuid/0 is not defined'],
      [3, '/do/0/a/set/home', 'There is no variable `$env` here.'],
      [3, '/do/0/a/set/name', 'There is no variable `$data` here.'],
    ],
    [
      'do:\n  - a: { wait: { until: "2030-01-01T00:00:00Z" } }',
      [3, '/do/0/a/wait/until', '`wait` has no key `until`.'],
    ],
    [
      'do:\n  - a: { switch: [ { one: { then: inner } } ] }\n  - b: { do: [ { inner: { set: { x: 1 } } } ] }',
      [3, '/do/0/a/switch/0/one/then', '`then` cannot go to `inner`: that task is in another list.'],
    ],
  ])

  it('is refused key by key where it is another language with the same name', () => {
    const text =
      'document: { dsl: 1.0.0, taskQueue: q, workflowType: t, version: 0.0.1 }\ndo: [ { a: { set: 1 } } ]'
    expect(load(text).findings.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        '`document` lacks `namespace`.',
        '`document` lacks `name`.',
        '`document` has no key `taskQueue`.',
        '`document` has no key `workflowType`.',
      ]),
    )
  })

  it('is taken where an earlier version of the specification has it: arguments by name', () => {
    expect(
      find(
        'do:\n  - a: { run: { script: { language: js, arguments: { message: "${ .m }" }, code: "1" } } }\n  - b: { run: { shell: { command: echo, arguments: { --user: anna, --verbose: } } } }',
      ),
    ).toEqual([])
  })
})

describe('findings', () => {
  it('are all told at once, in the order of the text, up to a bound', () => {
    const lines = Array.from({ length: 1000 }, (_, index) => `  - t${index}: { set: 1 }`)
    const found = find(`do:\n${lines.join('\n')}`)
    expect(found).toHaveLength(200)
    expect(found.map(({ line }) => line)).toEqual(
      [...found.map(({ line }) => line)].sort((one, other) => one - other),
    )
  })

  it('have codes of the table of errors', () => {
    const found = find('doo: 1\ndo:\n  - a: { sett: 1 }\n  - b: { wait: 5s }\n  - c: { call: nope }')
    expect(found.every(({ code }) => code in errorTable)).toBe(true)
  })

  it('name the file', () => {
    expect(find('do:\n  - a: {}', { file: 'pipelines/a.yaml' })[0]?.file).toBe('pipelines/a.yaml')
  })
})
