import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSecrets } from './index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluse-secrets-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('secrets', () => {
  test('come from the file before the environment before the folder', async () => {
    const file = join(folder, 'all.json')
    writeFileSync(file, JSON.stringify({ a: 'file', o: { user: 'x' } }))
    writeFileSync(join(folder, 'b'), 'folder\n')
    writeFileSync(join(folder, 'c'), 'folder\n')
    const secrets = await openSecrets({
      file,
      folder,
      environment: { SLUSE_SECRET_a: 'env', SLUSE_SECRET_b: 'env' },
    })
    expect(await secrets(['a', 'b', 'c', 'o', 'none'])).toEqual({
      a: 'file',
      b: 'env',
      c: 'folder',
      o: { user: 'x' },
    })
  })

  test('are found in the environment in capitals, too', async () => {
    const secrets = await openSecrets({
      environment: { SLUSE_SECRET_CASE_SYSTEM_TOKEN: '0123', SLUSE_SECRET_LOGIN: '{"user":"u"}' },
    })
    expect(await secrets(['caseSystemToken', 'login'])).toEqual({
      caseSystemToken: '0123',
      login: { user: 'u' },
    })
  })

  test('follow the links with which Kubernetes mounts them, and are fresh each time', async () => {
    mkdirSync(join(folder, '..data'))
    writeFileSync(join(folder, '..data', 'token'), 'one')
    symlinkSync(join('..data', 'token'), join(folder, 'token'))
    writeFileSync(join(folder, 'cert.json'), '{"key":"k"}')
    const secrets = await openSecrets({ folder })
    expect(await secrets(['token', 'cert'])).toEqual({ token: 'one', cert: { key: 'k' } })
    writeFileSync(join(folder, '..data', 'token'), 'two')
    expect(await secrets(['token'])).toEqual({ token: 'two' })
  })

  test('a name leads nowhere but into the folder', async () => {
    writeFileSync(join(folder, 'outside'), 'x')
    mkdirSync(join(folder, 'in'))
    const secrets = await openSecrets({ folder: join(folder, 'in') })
    expect(await secrets(['../outside', '..', '.', '', '__proto__', 'a/b', 'a\0b'])).toEqual({})
  })

  test('a source that is broken is refused without a word of its content', async () => {
    const file = join(folder, 'all.json')
    for (const content of ['{"token":"hunter2",}', '["hunter2"]', Buffer.from([0xff, 0xfe])]) {
      writeFileSync(file, content)
      const error = await openSecrets({ file }).then(
        () => undefined,
        (caught: unknown) => caught as Error,
      )
      expect(error).toMatchObject({ code: 'SLUSE-SECRETS' })
      expect(error?.message).toContain('all.json')
      expect(error?.message).not.toContain('hunter2')
    }
    await expect(openSecrets({ file: join(folder, 'no.json') })).rejects.toMatchObject({
      code: 'SLUSE-SECRETS',
    })
  })
})
