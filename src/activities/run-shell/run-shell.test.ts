import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { faultOf } from '../../http/testing/index.ts'
import { activityContext } from '../testing/index.ts'
import { runShell } from './index.ts'
import type { ProcessSettings } from '../../processes/index.ts'

let folder: string
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'sluse-test-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

const shell = (
  command: string,
  more: { [member: string]: unknown } = {},
  processes: ProcessSettings = {},
  signal = new AbortController().signal,
) => runShell({ dataFolder: folder, processes }).run({ command, ...more }, activityContext({ signal }))

/** Process ids of `sleep` with this number of seconds, which no other test uses. */
async function sleepers(seconds: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')),
  )
  return pids.filter((_, index) => lines[index] === `sleep\0${seconds}\0`)
}

describe('a command', () => {
  it('has its arguments as $1, $2, and data in them is never run', async () => {
    const given = { arguments: ['$(echo run)', 'two  spaces', '-x'] }
    expect(await shell('printf "%s|" "$@"', given)).toBe('$(echo run)|two  spaces|-x|')
  })

  it('has arguments by name as `name=value`, or as the name alone', async () => {
    const given = { arguments: { '--user': 'anna b', '--verbose': null, n: 2 } }
    expect(await shell('printf "%s|" "$@"', given)).toBe('--user=anna b|--verbose|n=2|')
  })

  it('reads its input to the end, also by the name /dev/stdin', async () => {
    const stdin = 'æøå\n'.repeat(50_000)
    expect(await shell('cat', { stdin })).toBe(stdin)
    expect(await shell('cat /dev/stdin', { stdin: 'x' })).toBe('x')
    expect(await shell('cat', { stdin: { a: 1 } })).toBe('{"a":1}')
  })

  it('may leave its input unread', async () => {
    expect(await shell('echo done', { stdin: 'x'.repeat(1_000_000) })).toBe('done\n')
  })

  it('can write to /dev/stdout and /dev/stderr by name', async () => {
    const result = await shell('echo out > /dev/stdout; echo err > /dev/stderr', { return: 'all' })
    expect(result).toEqual({ code: 0, stdout: 'out\n', stderr: 'err\n' })
  })

  it('keeps bytes as they are: a line end at the end, a byte order mark, control characters', async () => {
    expect(await shell(String.raw`printf '\357\273\277a\000b\r\n\n'`)).toBe('\uFEFFa\0b\r\n\n')
  })

  it('has nothing of the environment of the server, only what is declared and the least programs need', async () => {
    vi.stubEnv('SLUSE_TEST_SECRET', 'not for you')
    const names = String(await shell('env', { environment: { A: 'b=c', N: 5, GONE: null } }))
      .split('\n')
      .map((line) => line.split('=')[0])
      .filter((name) => name !== '' && name !== '_')
      .sort()
    vi.unstubAllEnvs()
    expect(names).toEqual(
      ['A', 'HOME', 'LANG', 'N', 'PATH', 'PWD', 'SLUSE_IDEMPOTENCY_KEY', 'SLUSE_PROCESS', 'TMPDIR'].sort(),
    )
  })

  it('works in an empty folder of its own that is gone after', async () => {
    const [at, count] = String(await shell('pwd; ls -A | wc -l; touch left')).split('\n')
    expect(count?.trim()).toBe('0')
    expect(existsSync(at as string)).toBe(false)
  })

  it('is not kept from ending by what it left in the background, which is ended', async () => {
    expect(await shell('sleep 7001 & echo started')).toBe('started\n')
    expect(await sleepers('7001')).toEqual([])
  })

  it('faults with exit code and the end of standard error, without secrets', async () => {
    const running = runShell({ dataFolder: folder }).run(
      { command: 'echo "no access with $1" >&2; exit 7', arguments: ['hunter22'] },
      activityContext({ secrets: { password: 'hunter22' } }),
    )
    expect(await faultOf(running)).toMatchObject({
      type: expect.stringMatching(/runtime$/),
      exitCode: 7,
      detail: 'The command ended with exit code 7: no access with ***',
    })
  })

  it('gives 128 plus the signal where one ended it', async () => {
    expect(await shell('kill -KILL $$', { return: 'code' })).toBe(137)
  })

  it('that does not exist is a fault that names it', async () => {
    expect(await faultOf(shell('no-such-command-here'))).toMatchObject({
      exitCode: 127,
      detail: expect.stringContaining('no-such-command-here'),
    })
  })

  it.each([
    ['validation', { arguments: ['a\0b'] }],
    ['validation', { arguments: 'a' }],
    ['validation', { environment: { 'a=b': 'c' } }],
    ['configuration', { return: 'everything' }],
    ['configuration', { command: 5 }],
  ])('refuses with a %s fault what no process can be given: %j', async (kind, given) => {
    expect((await faultOf(shell('true', given))).type).toMatch(new RegExp(`${kind}$`))
  })
})

describe('bounds', () => {
  it('output without end is a fault, on either stream', async () => {
    const settings = { maxOutputBytes: 100_000, graceMs: 500 }
    expect((await faultOf(shell('yes', {}, settings))).detail).toContain('more than the 100000 bytes')
    const all = { return: 'all' }
    expect((await faultOf(shell('yes >&2', all, settings))).detail).toContain('standard error')
  })

  it('output that nobody asked for is not held', async () => {
    const command = 'head -c 5000000 /dev/zero; head -c 5000000 /dev/zero >&2'
    expect(await shell(command, { return: 'code' }, { maxOutputBytes: 1000 })).toBe(0)
  })

  it('bytes that are no text are a fault where they are asked for, and not where they are not', async () => {
    const command = String.raw`printf '\377\376'`
    expect((await faultOf(shell(command))).detail).toContain('not UTF-8')
    expect(await shell(command, { return: 'none' })).toBeNull()
  })

  it('past its time it is ended, with a timeout fault', async () => {
    const problem = await faultOf(shell('sleep 7002', {}, { timeLimitMs: 200 }))
    expect(problem).toMatchObject({ status: 408, type: expect.stringMatching(/timeout$/) })
    expect(await sleepers('7002')).toEqual([])
  })

  it('past its memory it is ended, children counted', async () => {
    const hungry = `node -e 'const a=[];setInterval(()=>a.push(Buffer.alloc(2e7,1)),20)' & wait`
    const problem = await faultOf(shell(hungry, {}, { memoryBytes: 200_000_000, graceMs: 200 }))
    expect(problem.detail).toContain('memory')
  })
})

describe('cancelling', () => {
  const cancelled = async (command: string, seconds: string, processes: ProcessSettings = {}) => {
    const controller = new AbortController()
    const running = shell(command, {}, processes, controller.signal).catch((error: unknown) => error)
    await vi.waitFor(async () => expect(await sleepers(seconds)).not.toEqual([]), 10_000)
    controller.abort(new Error('cancelled'))
    expect(await running).toMatchObject({ message: 'cancelled' })
    expect(await sleepers(seconds)).toEqual([])
  }

  it('ends the process', () => cancelled('exec sleep 7003', '7003'))

  it('ends its children and theirs', () => cancelled('sh -c "sleep 7004 & wait" & wait', '7004'))

  it('ends what does not listen to SIGTERM', () =>
    cancelled("trap '' TERM; sleep 7005 & while :; do wait; sleep 0.1; done", '7005', { graceMs: 300 }))

  it('ends what went into a group of its own', () =>
    cancelled(`python3 -c "import os; os.setpgid(0,0); os.execvp('sleep',['sleep','7006'])" & wait`, '7006'))

  it('ends a daemon in a session of its own, though its parent is gone', () =>
    cancelled('(setsid sleep 7007 &) ; sleep 60', '7007'))

  it('lets it clean up first', async () => {
    const controller = new AbortController()
    const mark = join(folder, 'cleaned')
    const command = `trap 'touch "$1"; exit 0' TERM; sleep 7008 & wait`
    const running = shell(command, { arguments: [mark] }, {}, controller.signal).catch(() => undefined)
    await vi.waitFor(async () => expect(await sleepers('7008')).not.toEqual([]), 10_000)
    controller.abort()
    await running
    expect(existsSync(mark)).toBe(true)
  })

  it('starts nothing where it was cancelled before', async () => {
    const mark = join(folder, 'ran')
    const gone = AbortSignal.abort(new Error('cancelled'))
    await expect(shell('touch "$1"', { arguments: [mark] }, {}, gone)).rejects.toThrow('cancelled')
    expect(existsSync(mark)).toBe(false)
  })
})

describe('when the server is killed', () => {
  it('nothing that it started is left, daemons and folders included', async () => {
    // The built program: Node.js cannot run TypeScript on every version that we support.
    const built = new URL('../../../dist/activities/run-shell/index.js', import.meta.url).href
    const server = join(folder, 'server.mjs')
    const place = join(folder, 'place')
    const command = 'pwd > "$1"; setsid sleep 7009 & sleep 7010'
    await writeFile(
      server,
      `import { runShell } from ${JSON.stringify(built)}
       const context = { secrets: {}, idempotencyKey: 'k', signal: new AbortController().signal }
       const input = ${JSON.stringify({ command, arguments: [place] })}
       await runShell({ dataFolder: '/nonexistent' }).run(input, context)`,
    )
    const child = spawn(process.execPath, [server], { stdio: 'inherit' })
    await vi.waitFor(async () => {
      expect(await sleepers('7009')).toHaveLength(1)
      expect(await sleepers('7010')).toHaveLength(1)
    }, 20_000)
    child.kill('SIGKILL')
    await vi.waitFor(async () => {
      expect([...(await sleepers('7009')), ...(await sleepers('7010'))]).toEqual([])
      expect(existsSync((await readFile(place, 'utf8')).trim())).toBe(false)
    }, 20_000)
  })
})
