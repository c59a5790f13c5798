import { readdir, readFile } from 'node:fs/promises'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { faultOf } from '../../../http/testing/index.ts'
import { contractSuite } from '../../testing/contract-suite.ts'
import { testProject } from '../../testing/project.ts'
import { traceIdOf } from '../../trace.ts'

const project = testProject({ processes: { memoryBytes: 1e9 } })
afterAll(() => project.close())
afterEach(() => (project.logged.length = 0))

/** A function in Python, its `metadata` and the body of its loop over `record`, `line` and `n`, the line's number. */
function python(name: string, body: string, more = 'metadata: { protocol: ndjson }'): void {
  const lines = body.split('\n').map((line) => `    ${line}`)
  project.add(name, {
    'function.yaml': `run: { shell: { command: python3 main.py } }\n${more}\n`,
    'main.py': [
      'import json, os, sys, time, subprocess',
      'def answer(value): print(json.dumps(value), flush=True)',
      'for n, line in enumerate(sys.stdin):',
      '    record = json.loads(line)',
      ...lines,
    ].join('\n'),
  })
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => ({ n }))
const failures = (outcomes: readonly object[]) =>
  outcomes.flatMap((outcome, index) => ('refused' in outcome ? [index] : []))

/** Processes whose command line or environment holds a text. */
async function processesWith(text: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  const found = await Promise.all(
    pids.map(async (pid) => {
      const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '')
      return (await read('cmdline')).includes(text) || (await read('environ')).includes(text)
    }),
  )
  return pids.filter((_, index) => found[index])
}

describe('a template in Python', () => {
  project.addTemplate('python')
  contractSuite((records) => project.call('python', records))
})

describe('with several processes', () => {
  python(
    'pooled',
    'answer({"n": record["n"], "pid": os.getpid()})',
    'metadata: { protocol: ndjson, pool: 3 }',
  )

  test('work is shared out, and outcomes keep their order', async () => {
    const outcomes = await project.call('pooled', numbers(300))
    const answers = outcomes.map((each) => ('records' in each ? each.records[0] : each)) as {
      n: number
      pid: number
    }[]
    expect(answers.map(({ n }) => n)).toEqual(numbers(300).map(({ n }) => n))
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(3)
  })
})

describe('a function that', () => {
  test('crashes on a record is refused that record, and goes on in a new process', async () => {
    python('crashes', 'if record["n"] in (5, 6, 40):\n    sys.exit("no five")\nanswer(record)')
    const outcomes = await project.call('crashes', numbers(60))
    expect(failures(outcomes)).toEqual([5, 6, 40])
    expect(outcomes[5]).toMatchObject({
      refused: {
        type: expect.stringMatching(/runtime$/),
        detail: 'The function crashes:1.0.0 ended with exit code 1: no five',
      },
    })
  })

  test('hangs is ended after its time, with a timeout for the record that it was at', async () => {
    const more = 'metadata: { protocol: ndjson }\ntimeout: { after: { seconds: 2 } }'
    python('hangs', 'if record["n"] == 3: time.sleep(7100)\nanswer(record)', more)
    const outcomes = await project.call('hangs', numbers(8))
    expect(failures(outcomes)).toEqual([3])
    expect(outcomes[3]).toMatchObject({
      refused: { status: 408, detail: expect.stringContaining('2 seconds') },
    })
  })

  test('floods standard output without a line end is ended, and its record refused', async () => {
    python('floods', 'if record["n"] == 1:\n    while True: sys.stdout.write("x" * 65536)\nanswer(record)')
    const outcomes = await project.call('floods', numbers(4))
    expect(failures(outcomes)).toEqual([1])
    expect(outcomes[1]).toMatchObject({ refused: { detail: expect.stringContaining('10000000 bytes') } })
  })

  test('floods standard output with lines is ended, and what no record asked for is no answer', async () => {
    python('lines', 'while record["n"] == 1: sys.stdout.write("{}\\n" * 1000)\nanswer(record)')
    const outcomes = await project.call('lines', numbers(4))
    expect(failures(outcomes)).toEqual([1])
    expect(outcomes[1]).toMatchObject({ refused: { detail: expect.stringContaining('no record had asked') } })
  })

  test('writes half a line and ends is said to have', async () => {
    python(
      'half',
      'if record["n"] == 2:\n    sys.stdout.write(\'{"half":\')\n    sys.stdout.flush()\n    os._exit(0)\nanswer(record)',
    )
    const outcomes = await project.call('half', numbers(5))
    expect(failures(outcomes)).toEqual([2])
    expect(outcomes[2]).toMatchObject({
      refused: { detail: expect.stringContaining('ended with exit code 0 in the middle of a line') },
    })
  })

  test('writes what is not JSON is shown it', async () => {
    python('text', 'if record["n"] == 1: print("debug: here", flush=True)\nanswer(record)')
    const outcomes = await project.call('text', numbers(4))
    expect(failures(outcomes)).toEqual([1])
    expect(outcomes[1]).toMatchObject({ refused: { detail: expect.stringContaining('"debug: here"') } })
  })

  test.each([
    ['a number', '5'],
    ['nothing', 'null'],
    ['a text', '"x"'],
  ])('answers with %s is told what an answer is', async (_what, json) => {
    python('scalar', `print('${json}', flush=True)`)
    const [outcome] = await project.call('scalar', [{}], { runId: `scalar ${json}` })
    expect(outcome).toMatchObject({ refused: { detail: expect.stringContaining('an answer is an object') } })
  })

  test('leaks memory is started anew, and no record is lost by it', async () => {
    const more = 'metadata: { protocol: ndjson, memory: 150M }'
    python(
      'leaks',
      'if n == 0: kept = []\nkept.append(bytes([1]) * 6_000_000)\ntime.sleep(0.04)\nanswer(record)',
      more,
    )
    expect(failures(await project.call('leaks', numbers(60)))).toEqual([])
  })

  test('needs too much memory for one record is refused that record', async () => {
    const more = 'metadata: { protocol: ndjson, memory: 100M }'
    python(
      'hungry',
      'if record["n"] == 1:\n    big = bytes([1]) * 300_000_000\n    time.sleep(60)\nanswer(record)',
      more,
    )
    const outcomes = await project.call('hungry', numbers(3))
    expect(failures(outcomes)).toEqual([1])
    expect(outcomes[1]).toMatchObject({ refused: { detail: expect.stringContaining('bytes of memory') } })
  })

  test('forks children leaves none behind its run, whether or not they left its session', async () => {
    python(
      'forks',
      'subprocess.Popen(["sleep", "7101"]); subprocess.Popen(["setsid", "sleep", "7102"])\nanswer(record)',
    )
    await project.call('forks', numbers(2), { runId: 'forking' })
    // A program that has just been started has no command line yet.
    await vi.waitFor(async () => expect(await processesWith('sleep\x007101')).toHaveLength(2), 20_000)
    await project.functions.endRun('forking')
    expect([...(await processesWith('sleep\x007101')), ...(await processesWith('sleep\x007102'))]).toEqual([])
  })

  test('is not there is a fault of the call: no record is to blame', async () => {
    project.add('missing', {
      'function.yaml': 'run: { shell: { command: no-such-program } }\nmetadata: { protocol: ndjson }\n',
    })
    const problem = await faultOf(project.call('missing', numbers(100)))
    expect(problem).toMatchObject({
      type: expect.stringMatching(/configuration$/),
      detail: expect.stringMatching(/no-such-program: not found/),
    })
  })

  test('never gets as far as an answer is a fault of the call after ten tries', async () => {
    project.add('broken', {
      'function.yaml': 'run: { shell: { command: exit 3 } }\nmetadata: { protocol: ndjson }\n',
    })
    const problem = await faultOf(project.call('broken', numbers(100)))
    expect(problem.detail).toMatch(/^10 processes of it in a row .* ended with exit code 3/)
  })
})

describe('a run', () => {
  test('has processes of its own, which keep what they know from record to record', async () => {
    python('counts', 'answer({"n": n, "pid": os.getpid()})')
    const pidOf = async (runId: string) => JSON.stringify(await project.call('counts', [{}], { runId }))
    const first = await pidOf('one')
    expect(JSON.parse(first)).toMatchObject([{ records: [{ n: 0 }] }])
    expect(JSON.parse(await pidOf('one'))).toMatchObject([{ records: [{ n: 1 }] }])
    expect(JSON.parse(await pidOf('two'))).toMatchObject([{ records: [{ n: 0 }] }])
  })

  test('shares them with others where the function says so', async () => {
    python(
      'shared',
      'answer({"n": n, "run": os.environ.get("SLUSE_RUN_ID")})',
      'metadata: { protocol: ndjson, share: true }',
    )
    const call = (runId: string) => project.call('shared', [{}], { runId })
    expect([...(await call('one')), ...(await call('two'))]).toEqual([
      { records: [{ n: 0, run: null }] },
      { records: [{ n: 1, run: null }] },
    ])
    await project.functions.renew()
    expect(await call('three')).toEqual([{ records: [{ n: 0, run: null }] }])
  })

  test('is still answered by the process that it shares when the files of the function have changed', async () => {
    python(
      'renewed',
      'print("at", n, file=sys.stderr, flush=True)\ntime.sleep(0.5 if n == 0 else 0)\nanswer({"n": n})',
      'metadata: { protocol: ndjson, share: true }',
    )
    const underWay = project.call('renewed', numbers(3))
    await vi.waitFor(() => expect(project.logged.at(-1)?.message).toBe('at 0'), 20_000)
    await project.functions.renew()
    const next = project.call('renewed', [{}])
    expect(await underWay).toEqual(numbers(3).map((record) => ({ records: [record] })))
    expect(await next).toEqual([{ records: [{ n: 0 }] }])
  })

  test('that is cancelled ends its processes at once', async () => {
    python('waits', 'subprocess.Popen(["sleep", "7103"])\ntime.sleep(7103)')
    const controller = new AbortController()
    const call = project.call('waits', numbers(3), { runId: 'cancelled', signal: controller.signal })
    await vi.waitFor(async () => expect(await processesWith('sleep\x007103')).toHaveLength(1), 20_000)
    controller.abort(new Error('cancelled by a test'))
    await expect(call).rejects.toThrow('cancelled by a test')
    await vi.waitFor(async () => expect(await processesWith('sleep\x007103')).toEqual([]), 20_000)
  })

  test('that no longer calls lets its processes end', async () => {
    const quick = testProject({ functions: { idleMs: 50 } })
    quick.add('sleeps', {
      'function.yaml': 'run: { shell: { command: "sleep 7104 & cat" } }\nmetadata: { protocol: ndjson }\n',
    })
    expect(await quick.call('sleeps', [{ n: 1 }])).toEqual([{ records: [{ n: 1 }] }])
    await vi.waitFor(async () => expect(await processesWith('sleep\x007104')).toEqual([]), 20_000)
    await quick.close()
  })

  test('waits for its turn where there are as many processes as may be', async () => {
    const small = testProject({ functions: { maxProcesses: 1 } })
    const yaml = 'run: { shell: { command: cat } }\nmetadata: { protocol: ndjson, pool: 4 }\n'
    for (const name of ['one', 'two', 'three']) small.add(name, { 'function.yaml': yaml })
    const outcomes = await Promise.all(['one', 'two', 'three'].map((name) => small.call(name, numbers(5))))
    expect(outcomes).toEqual([1, 2, 3].map(() => numbers(5).map((record) => ({ records: [record] }))))
    await small.close()
  })
})

describe('what it finds in its environment', () => {
  test('is what it declares, the trace of its run, and the least that programs need', async () => {
    vi.stubEnv('SLUSE_TEST_SECRET', 'not for you')
    project.add('environment', {
      'function.yaml': [
        'run:',
        '  shell:',
        '    command: python3 main.py "$@"',
        '    arguments: ["${ $secrets.token }"]',
        '    environment: { LEVEL: 3, TOKEN: "${ $secrets.token }" }',
        'metadata: { protocol: ndjson }',
      ].join('\n'),
      'main.py': [
        'import json, os, sys',
        'for line in sys.stdin:',
        '    print("token is", os.environ["TOKEN"], file=sys.stderr, flush=True)',
        '    print(json.dumps({"env": dict(os.environ), "arguments": sys.argv[1:], "at": os.getcwd()}), flush=True)',
      ].join('\n'),
    })
    const secrets = { token: 'hunter22', other: 'never given' }
    const [outcome] = await project.call('environment', [{}], { secrets, runId: 'r7' })
    vi.unstubAllEnvs()
    const {
      env,
      arguments: given,
      at,
    } = (outcome as { records: { [key: string]: unknown }[] }).records[0] as {
      env: { [name: string]: string }
      arguments: string[]
      at: string
    }
    expect(
      Object.keys(env)
        .filter((name) => name !== '_' && name !== 'LC_CTYPE')
        .sort(),
    ).toEqual(
      [
        'HOME',
        'LANG',
        'LEVEL',
        'PATH',
        'PWD',
        'SLUSE_PROCESS',
        'SLUSE_RUN_ID',
        'TMPDIR',
        'TOKEN',
        'TRACEPARENT',
      ].sort(),
    )
    expect(env).toMatchObject({ LEVEL: '3', TOKEN: 'hunter22', SLUSE_RUN_ID: 'r7' })
    expect(env['TRACEPARENT']).toMatch(new RegExp(`^00-${traceIdOf('r7')}-[0-9a-f]{16}-01$`))
    expect(given).toEqual(['hunter22'])
    expect(at).toMatch(/functions\/environment\/1\.0\.0$/)
    const about = { function: 'environment:1.0.0', run: 'r7', trace: traceIdOf('r7') }
    expect(project.logged).toEqual([{ message: 'token is ***', data: about }])
  })
})
