import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { LineCounter, parseDocument } from 'yaml'
import { SluseError } from '../../errors.ts'
import type { Json } from '../../workflow/index.ts'
import { readText } from '../json-input.ts'

const anything = Type.Unsafe<Json>({})
const closed = { additionalProperties: false } as const
const map = Type.Record(Type.String(), anything)

/** What answers a call in the place of the system: by the HTTP request, by the task, or by the kind of activity. */
const mock = Type.Object(
  {
    http: Type.Optional(
      Type.Object({ method: Type.Optional(Type.String()), url: Type.String({ minLength: 1 }) }, closed),
    ),
    task: Type.Optional(Type.String({ minLength: 1 })),
    kind: Type.Optional(Type.String({ minLength: 1 })),
    respond: Type.Optional(
      Type.Object(
        {
          status: Type.Optional(Type.Integer({ minimum: 100, maximum: 599 })),
          headers: Type.Optional(Type.Record(Type.String(), Type.String())),
          body: Type.Optional(anything),
        },
        closed,
      ),
    ),
    output: Type.Optional(anything),
    error: Type.Optional(map),
    times: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  closed,
)

const expectation = Type.Object(
  {
    status: Type.Optional(
      Type.Union([Type.Literal('completed'), Type.Literal('faulted'), Type.Literal('cancelled')]),
    ),
    output: Type.Optional(anything),
    error: Type.Optional(map),
    emitted: Type.Optional(Type.Array(map)),
    order: Type.Optional(Type.Array(Type.String())),
    calls: Type.Optional(Type.Array(map)),
  },
  closed,
)

const testCase = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    pipeline: Type.Optional(Type.String({ minLength: 1 })),
    input: Type.Optional(anything),
    secrets: Type.Optional(map),
    mocks: Type.Optional(Type.Array(mock)),
    events: Type.Optional(Type.Array(map)),
    expect: Type.Optional(expectation),
  },
  closed,
)

/** A `*.test.yaml`; docs/reference/tests.md describes it. */
const testFile = Type.Object(
  {
    pipeline: Type.Optional(Type.String({ minLength: 1 })),
    secrets: Type.Optional(map),
    mocks: Type.Optional(Type.Array(mock)),
    real: Type.Optional(Type.Array(Type.String())),
    tests: Type.Array(testCase),
  },
  closed,
)

export type Mock = Static<typeof mock>
export type Expectation = Static<typeof expectation>
export type TestCase = Static<typeof testCase>
export type TestFile = Static<typeof testFile>

const check = Compile(testFile)
const mostCharacters = 5_000_000

/** Reads a test file. Throws `SLUSE-TEST-FILE`, which names every fault with its line. */
export async function readTestFile(file: string): Promise<TestFile> {
  const text = await readText(file)
  if (text.length > mostCharacters) throw new SluseError('SLUSE-TEST-FILE', `${file} is larger than 5 MB.`)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const [error] = document.errors
  if (error) {
    const { line, col } = lines.linePos(error.pos[0])
    throw new SluseError('SLUSE-TEST-FILE', `${file}:${line}:${col}: ${error.message.split('\n')[0]}`)
  }
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 1000 })
  } catch (caught) {
    throw new SluseError('SLUSE-TEST-FILE', `${file}: ${(caught as Error).message}.`)
  }
  if (check.Check(value)) {
    value.tests.forEach((each) =>
      [...(each.mocks ?? []), ...(value.mocks ?? [])].forEach((one) => whole(one, file)),
    )
    return value
  }
  const faults = [...check.Errors(value)].slice(0, 10).map(({ instancePath, message }) => {
    const path = instancePath.split('/').slice(1)
    const node: unknown = document.getIn(
      path.map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
      true,
    )
    const range = (node as { range?: readonly number[] } | undefined)?.range
    const { line, col } = lines.linePos(range?.[0] ?? 0)
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}: ${instancePath || 'the file'} ${message}.`
  })
  throw new SluseError('SLUSE-TEST-FILE', faults.join(' '))
}

/** A mock says once what it answers for, and once what. */
function whole(each: Mock, file: string): void {
  const what = [each.http, each.task, each.kind].filter((part) => part !== undefined).length
  const answers = [each.respond, each.output, each.error].filter((part) => part !== undefined).length
  if (what !== 1) throw new SluseError('SLUSE-TEST-FILE', `${file}: a mock has one of http, task and kind.`)
  if (answers !== 1)
    throw new SluseError('SLUSE-TEST-FILE', `${file}: a mock has one of respond, output and error.`)
}
