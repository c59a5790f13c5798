import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { faultOf, serve } from '../../http/testing/index.ts'
import { findCommand } from '../../processes/index.ts'
import { activityContext } from '../testing/index.ts'
import { inlineMetadata } from './inline-metadata.ts'
import { runScript } from './index.ts'
import { satisfies } from './python.ts'

const hasUv = (await findCommand('uv', process.env['PATH'] ?? '')) !== undefined

let folder: string
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'sluse-test-'))))
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

const script = (input: { [member: string]: unknown }) =>
  runScript({ dataFolder: join(folder, 'data'), projectFolder: folder }).run(
    input as never,
    activityContext(),
  )
const js = (code: string, more = {}) => script({ language: 'js', code, ...more })
const python = (code: string, more = {}) => script({ language: 'python', code, ...more })

describe('JavaScript', () => {
  it('is an ES module with stdin, arguments from index 2 and environment', async () => {
    const code = `
      import { readFileSync } from 'node:fs'
      const stdin = await Promise.resolve(readFileSync(process.stdin.fd, 'utf8'))
      console.log(JSON.stringify([stdin, process.argv.slice(2), process.env.NAME]))`
    const more = { stdin: 'in', arguments: ['a', '--b'], environment: { NAME: 'env' } }
    expect(await js(code, more)).toBe('["in",["a","--b"],"env"]\n')
    expect(await script({ language: 'javascript', code, ...more })).toBe('["in",["a","--b"],"env"]\n')
  })

  it('has the language of ES2024', async () => {
    const code = `
      const odd = (n) => (n % 2 ? 'odd' : 'even')
      const { promise, resolve } = Promise.withResolvers()
      const buffer = new Uint8Array([1, 2]).buffer
      const longer = buffer.transfer(3)
      resolve([
        Object.groupBy([1, 2, 3], odd).odd, Map.groupBy([1, 2], odd).get('even'),
        [...new Uint8Array(longer)], buffer.detached, buffer.byteLength, longer.detached,
        /^\\p{L}$/v.test('å'), 'a'.isWellFormed(),
      ])
      console.log(JSON.stringify(await promise))`
    expect(await js(code)).toBe('[[1,3],[2],[1,2,0],true,0,false,true,true]\n')
  })

  it("imports by name what the project's node_modules hold", async () => {
    await mkdir(join(folder, 'node_modules/greeting'), { recursive: true })
    await writeFile(join(folder, 'node_modules/greeting/index.js'), 'export default "hej"')
    await writeFile(
      join(folder, 'node_modules/greeting/package.json'),
      '{"name":"greeting","version":"1.0.0","type":"module","exports":"./index.js"}',
    )
    expect(await js('import greeting from "greeting"; console.log(greeting)')).toBe('hej\n')
  })

  it('that throws is a fault with the place of it', async () => {
    const problem = await faultOf(js('const a = 1\nnull.member'))
    expect(problem).toMatchObject({ exitCode: 1, detail: expect.stringContaining('script.mjs:2') })
  })

  it('that is not valid is a fault that says so', async () => {
    expect((await faultOf(js('const = 1'))).detail).toContain('SyntaxError')
  })

  it('has a heap of its own that ends with the limit, not with the server', async () => {
    const running = runScript({ dataFolder: folder, processes: { memoryBytes: 100_000_000 } }).run(
      { language: 'js', code: 'const all = []; for (;;) all.push(new Array(1000).fill(all.length))' },
      activityContext(),
    )
    expect((await faultOf(running)).detail).toMatch(/memory/)
  })
})

describe('arguments by name, as DSL 1.0.0 to 1.0.2 have them', () => {
  const given = { arguments: { message: 'it\'s "æøå"\n', list: [1, null], __none: null } }

  it('are variables of a script, and their text is never code', async () => {
    expect(await js('console.log(JSON.stringify([message, list, __none]))', given)).toBe(
      '["it\'s \\"æøå\\"\\n",[1,null],null]\n',
    )
    const code = 'import json, sys\nprint(json.dumps([message, list, __none]), __name__, len(sys.argv))'
    expect(await python(code, given)).toBe(
      '["it\'s \\"\\u00e6\\u00f8\\u00e5\\"\\n", [1, null], null] __main__ 1\n',
    )
  })

  it.each(['a-b', '', '1st', 'a = 1; b', '__proto__'])('cannot have the name %j', async (name) => {
    const wrong = { arguments: Object.fromEntries([[name, 1]]) }
    for (const language of [js, python]) {
      expect((await faultOf(language('1', wrong))).type).toMatch(/validation$/)
    }
  })
})

describe('Python', () => {
  it('has stdin, arguments and environment, in UTF-8 whatever the locale', async () => {
    const code = 'import os, sys\nprint(sys.stdin.read(), sys.argv[1:], os.environ["NAME"])'
    const more = { stdin: 'æøå', arguments: ['a'], environment: { NAME: 'ø', LANG: 'C' } }
    expect(await python(code, more)).toBe("æøå ['a'] ø\n")
  })

  it('that raises is a fault with the place of it', async () => {
    const problem = await faultOf(python('x = 1\nraise ValueError("no")'))
    expect(problem).toMatchObject({ exitCode: 1, detail: expect.stringMatching(/line 2[^]*ValueError: no/) })
  })

  it("is run by the project's own environment where it has one", async () => {
    await mkdir(join(folder, '.venv/bin'), { recursive: true })
    await writeFile(join(folder, '.venv/bin/python'), '#!/bin/sh\necho mine', { mode: 0o755 })
    expect(await python('print("system")')).toBe('mine\n')
  })

  it('without an interpreter is a fault that says what to install', async () => {
    vi.stubEnv('PATH', folder)
    expect(await faultOf(python('1'))).toMatchObject({
      type: expect.stringMatching(/configuration$/),
      detail: expect.stringContaining('install Python'),
    })
  })

  it('of another version than the script requires is a fault that names both', async () => {
    const code = '# /// script\n# requires-python = ">=3.99"\n# ///\nprint(1)'
    expect((await faultOf(python(code))).detail).toMatch(/requires Python >=3\.99.* is 3\./)
  })

  const declared = (wheel: string) =>
    `# /// script\n# dependencies = ["greeting @ file://${wheel}"]\n# ///\nimport greeting\nprint(greeting.text)`

  it('that declares dependencies is a fault where uv is not there', async () => {
    const real = await findCommand('python3', process.env['PATH'] ?? '')
    await symlink(real as string, join(folder, 'python3'))
    vi.stubEnv('PATH', folder)
    expect((await faultOf(python(declared('/x')))).detail).toContain('install uv')
  })

  it.skipIf(!hasUv)('that declares dependencies gets them from uv', async () => {
    const wheel = join(folder, 'greeting-1.0-py3-none-any.whl')
    const make = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as z:
  z.writestr('greeting.py', 'text = "hej"')
  z.writestr('greeting-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: greeting\\nVersion: 1.0\\n')
  z.writestr('greeting-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
  z.writestr('greeting-1.0.dist-info/RECORD', '')`
    await promisify(execFile)('python3', ['-c', make, wheel])
    expect(await python(declared(wheel))).toBe('hej\n')
    expect(existsSync(join(folder, 'data/cache/python'))).toBe(true)
  })
})

describe('code that lies elsewhere', () => {
  it('is read over HTTP and from the project, and runs the same', async () => {
    const server = await serve((_, response) => void response.end('console.log("from afar")'))
    await writeFile(join(folder, 'here.js'), 'console.log("from here")')
    const from = (uri: string) => script({ language: 'js', source: { endpoint: { uri } } })
    expect(await from(`${server.origin}/script.js`)).toBe('from afar\n')
    expect(await from('file://here.js')).toBe('from here\n')
    await server.close()
  })

  it('that is not there is a fault', async () => {
    const source = { endpoint: { uri: 'file://none.js' } }
    expect((await faultOf(script({ language: 'js', source }))).detail).toContain('none.js')
  })
})

describe('what a script is given', () => {
  it.each([
    [{ language: 'ruby', code: '1' }, /js or python/],
    [{ language: 'js' }, /either `code` or `source`/],
    [{ language: 'js', code: '1', source: {} }, /either `code` or `source`/],
    [{ code: '1' }, /language/],
  ])('is refused where it does not fit: %j', async (input, detail) => {
    expect(await faultOf(script(input))).toMatchObject({
      type: expect.stringMatching(/configuration$/),
      detail: expect.stringMatching(detail),
    })
  })
})

describe('inline metadata (PEP 723)', () => {
  it('is read with its comments, quotes and lines', () => {
    const code = `#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "requests<3",  # with extras: [x]
#   'rich',
# ]
# ///
dependencies = ["no"]`
    expect(inlineMetadata(code)).toEqual({ requiresPython: '>=3.11', dependencies: ['requests<3', 'rich'] })
  })

  it('keeps extras in brackets', () => {
    expect(inlineMetadata('# /// script\n# dependencies = ["a[b]>1"]\n# ///\n').dependencies).toEqual([
      'a[b]>1',
    ])
  })

  it('is none where there is no block, or it is not closed', () => {
    expect(inlineMetadata('dependencies = ["a"]').dependencies).toEqual([])
    expect(inlineMetadata('# /// script\n# dependencies = ["a"]\nx = 1').dependencies).toEqual([])
  })

  it.each([
    ['3.11.7', '>=3.11', true],
    ['3.11.7', '>=3.12', false],
    ['3.11.7', '>=3.9,<3.12', true],
    ['3.11.7', '==3.11.*', true],
    ['3.12.0', '~=3.11.2', false],
    ['3.11.7', '!=3.11.*', false],
    ['3.11.7', 'nonsense', false],
  ])('Python %s is right for %s: %s', (version, specifier, right) => {
    expect(satisfies(version, specifier)).toBe(right)
  })
})
