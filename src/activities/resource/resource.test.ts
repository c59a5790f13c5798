import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faultOf, serve } from '../../http/testing/index.ts'
import type { JsonObject } from '../../workflow/index.ts'
import { activityContext } from '../testing/index.ts'
import { resource } from './index.ts'

let root: string
let project: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sluse-resource-'))
  project = join(root, 'project')
  mkdirSync(join(project, 'app'), { recursive: true })
  mkdirSync(join(root, 'data', 'files'), { recursive: true })
  writeFileSync(join(project, 'app', 'greet.proto'), 'syntax = "proto3";')
  writeFileSync(join(project, 'schema.json'), '{"type":"object"}')
  writeFileSync(join(project, 'latin.txt'), Buffer.from('Rød', 'latin1'))
  writeFileSync(join(project, 'big.txt'), Buffer.alloc(5_000_001))
  writeFileSync(join(root, 'data', 'files', 'got'), 'downloaded')
  writeFileSync(join(root, 'outside.txt'), 'hush')
  symlinkSync(join(root, 'outside.txt'), join(project, 'link.txt'))
})
afterAll(() => rmSync(root, { recursive: true }))

const read = (uri: string, endpoint: JsonObject = {}, projectFolder: string | null = project) =>
  resource({ dataFolder: join(root, 'data'), ...(projectFolder !== null && { projectFolder }) }).run(
    { endpoint: { uri, ...endpoint } },
    activityContext(),
  )

describe('a file', () => {
  test.each([
    ['file://app/greet.proto', 'text/plain'],
    ['app/greet.proto', 'text/plain'],
    ['./app/greet.proto', 'text/plain'],
    ['file:app/greet.proto', 'text/plain'],
    ['schema.json', 'application/json'],
  ])('is read as %s, relative to the project', async (uri, mediaType) => {
    expect(await read(uri)).toMatchObject({ mediaType })
  })

  test('is read by its absolute address where that lies in the project, or among the downloads', async () => {
    expect(await read(pathToFileURL(join(project, 'schema.json')).href)).toEqual({
      content: '{"type":"object"}',
      mediaType: 'application/json',
    })
    expect(await read(pathToFileURL(join(root, 'data', 'files', 'got')).href)).toMatchObject({
      content: 'downloaded',
    })
  })

  test.each([
    'file:///etc/passwd',
    '../outside.txt',
    'file://app/../../outside.txt',
    'app/%2e%2e/%2e%2e/outside.txt',
    'link.txt',
    'app',
    '/etc/passwd',
    'none.txt',
    '.',
    'a%00b',
    '%zz',
  ])('%s is not there, whatever is', async (uri) => {
    const problem = await faultOf(read(uri))
    expect(problem.type).toMatch(/configuration$/)
    expect(problem.detail).not.toContain('hush')
  })

  test('that is too big, or no text, is a fault', async () => {
    expect((await faultOf(read('big.txt'))).detail).toContain('5000001 bytes')
    expect((await faultOf(read('latin.txt'))).type).toMatch(/communication$/)
  })

  test('needs a project to be in', async () => {
    expect((await faultOf(read('schema.json', {}, null))).type).toMatch(/configuration$/)
  })
})

describe('an address', () => {
  test('is read with its credentials, in its charset, through redirects', async () => {
    const server = await serve(({ path, headers }, response) => {
      if (path === '/a') return void response.writeHead(302, { location: '/b' }).end()
      response.writeHead(200, { 'content-type': 'text/plain; charset=iso-8859-1' })
      response.end(Buffer.from(`Rød ${headers.authorization}`, 'latin1'))
    })
    const authentication = { bearer: { token: 'tok' } }
    expect(await read(`${server.origin}/a`, { authentication })).toEqual({
      content: 'Rød Bearer tok',
      mediaType: 'text/plain',
    })
    await server.close()
  })

  test('that does not answer with a document is a communication fault', async () => {
    for (const status of [404, 304, 500]) {
      const server = await serve((_request, response) => void response.writeHead(status).end())
      const problem = await faultOf(read(server.origin))
      expect([problem.status, problem.type.replace(/.*\//, '')]).toEqual([status, 'communication'])
      await server.close()
    }
  })

  test('that answers with too much is refused', async () => {
    const server = await serve((_request, response) => void response.end(Buffer.alloc(5_000_001)))
    expect((await faultOf(read(server.origin)))['cause']).toBe('SLUSE_TOO_LARGE')
    await server.close()
  })
})

test.each(['ftp://a/b', 'data:,x', 'javascript:alert(1)'])('%s is no way to read a resource', async (uri) => {
  expect((await faultOf(read(uri))).type).toMatch(/configuration$/)
})
