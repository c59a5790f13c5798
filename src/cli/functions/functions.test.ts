import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openFolder } from '../testing/command.ts'
import { functionLanguages } from '../init-function.ts'

const project = openFolder({ 'sluse.yaml': '' })
afterAll(() => project.remove())
const run = (words: readonly string[], input?: string) => project.start(words, {}, input).done

describe('sluse init --function', () => {
  test.each(functionLanguages)(
    '%s makes a function, with tests, a Dockerfile and a guide',
    async (language) => {
      const { code, err } = await run(['init', '--function', language, '--name', `in-${language}`])
      expect([code, err]).toEqual([0, expect.stringContaining(`call: in-${language}:1.0.0@default`)])
      const files = readdirSync(join(project.folder, `functions/in-${language}/1.0.0`))
      expect(files).toEqual(
        expect.arrayContaining([
          'function.yaml',
          'function.test.yaml',
          'Dockerfile',
          'README.md',
          '.gitignore',
        ]),
      )
    },
  )

  test('touches nothing that is there', async () => {
    const again = await run(['init', '--function', 'go', '--name', 'in-python'])
    expect([again.code, existsSync(join(project.folder, 'functions/in-python/1.0.0/main.go'))]).toEqual([
      2,
      false,
    ])
    expect((await run(['init', '--function', 'go', '--name', '../out'])).code).toBe(2)
    expect((await run(['init', '--function', 'cobol'])).code).toBe(2)
  })

  test('what it makes is valid', async () => {
    const { code, out } = await run(['validate'])
    expect([code, out]).toEqual([0, expect.anything()])
  })
})

describe('sluse functions', () => {
  beforeAll(() => {
    project.write(
      'functions/sums/1.0.0/function.yaml',
      'run: { shell: { command: python3 main.py } }\nmetadata: { protocol: ndjson, title: Adds, build: echo built > built }\n',
    )
    project.write(
      'functions/sums/1.0.0/main.py',
      'import json, sys\nfor line in sys.stdin:\n    r = json.loads(line)\n    print("at", r, file=sys.stderr, flush=True)\n    print(json.dumps({"sum": sum(r["of"])} if r.get("of") else {"error": "nothing to add"}), flush=True)\n',
    )
    project.write(
      'functions/sums/1.0.0/sums.test.yaml',
      'tests:\n  - name: adds\n    input: { of: [1, 2] }\n    expect: { output: { sum: 3 } }\n  - name: refuses\n    input: {}\n    expect: { error: { detail: nothing to add } }\n',
    )
    project.write('functions/plain/1.0.0/function.yaml', 'set: { a: 1 }\n')
    project.write(
      'functions/wrong/1.0.0/function.yaml',
      'run: { shell: { command: x } }\nmetadata: { protocol: soap }\n',
    )
  })

  test('list shows each and how it is run', async () => {
    const { code, out } = await run(['functions', 'list', '--output', 'json'])
    const found = (JSON.parse(out) as { name: string; way: string; fault?: string }[]).filter(({ name }) =>
      ['sums', 'plain', 'wrong', 'in-typescript'].includes(name),
    )
    expect([code, found]).toEqual([
      0,
      [
        expect.objectContaining({ name: 'in-typescript', way: 'module', protocol: 'module' }),
        expect.objectContaining({ name: 'plain', way: 'task' }),
        expect.objectContaining({ name: 'sums', way: 'process', protocol: 'ndjson', title: 'Adds' }),
        expect.objectContaining({ name: 'wrong', way: '?', fault: expect.stringContaining('"soap"') }),
      ],
    ])
  })

  test('run answers one record, or each line of standard input; a refusal is exit code 1', async () => {
    const one = await run(['functions', 'run', 'sums', '--input', '{"of":[1,2]}'])
    expect([one.code, one.out]).toEqual([0, '{"sum":3}\n'])
    expect(one.err).toContain('"function":"sums:1.0.0"')
    expect(existsSync(join(project.folder, 'functions/sums/1.0.0/built'))).toBe(true)
    const many = await run(['functions', 'run', 'sums:1.0.0'], '{"of":[1]}\n{}\n{"of":[2]}\n')
    expect([many.code, many.out]).toEqual([1, '{"sum":1}\n{"sum":2}\n'])
    expect(many.err).toContain('refused: nothing to add')
  })

  test('test runs the cases beside a function, and fails where one does', async () => {
    expect(await run(['functions', 'test', 'sums', 'in-python'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('6 passed, 0 failed'),
    })
    project.write(
      'functions/sums/1.0.0/more.test.yaml',
      'tests: [{ name: no, input: { of: [1] }, expect: { output: { sum: 2 } } }]\n',
    )
    const { code, out } = await run(['functions', 'test', 'sums'])
    expect([code, out]).toEqual([1, expect.stringContaining('output[0].sum is 1, expected 2')])
  })

  test('a build that fails says what the tool said', async () => {
    project.write(
      'functions/unbuilt/1.0.0/function.yaml',
      'run: { shell: { command: x } }\nmetadata: { protocol: ndjson, build: "echo no compiler >&2; exit 4" }\n',
    )
    const { code, err } = await run(['functions', 'build', 'unbuilt'])
    expect([code, err]).toEqual([1, expect.stringContaining('no compiler')])
  })

  test('a function of another name, or an ordinary task, is refused by name', async () => {
    expect((await run(['functions', 'run', 'none', '--input', '{}'])).err).toContain(
      'There is no function none',
    )
    expect((await run(['functions', 'run', 'plain', '--input', '{}'])).err).toContain('ordinary task')
  })
})
