import { Ajv2020 } from 'ajv/dist/2020.js'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openApp, type AppOptions } from '../../app.ts'
import { readSettings } from '../../config/index.ts'
import { createServer, type ServerOptions } from '../index.ts'

export interface TestServer {
  readonly url: string
  readonly project: string
  readonly port: number
  readonly app: Awaited<ReturnType<typeof openApp>>
  readonly server: Awaited<ReturnType<typeof createServer>>
  /** Sends a request and checks a JSON answer against what `/openapi.json` says of the operation. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  /** Closes everything and opens it again on the same data, at another address. */
  restart(): Promise<void>
  close(): Promise<void>
}

export interface CallOptions {
  readonly json?: unknown
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly headers?: { readonly [name: string]: string }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // What a test expects of it, it says.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly json: any
  readonly text: string
}

/** A server on a free port over a project of these files, everything real. */
export async function openServer(
  files: { readonly [file: string]: string },
  options: ServerOptions & {
    readonly flags?: { readonly [name: string]: unknown }
    readonly environment?: { readonly [name: string]: string }
    readonly app?: Partial<AppOptions>
  } = {},
): Promise<TestServer> {
  const project = mkdtempSync(join(tmpdir(), 'sluse-server-'))
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(project, file)), { recursive: true })
    writeFileSync(join(project, file), content)
  }
  const { settings } = await readSettings({ environment: {}, flags: { project, port: 0, ...options.flags } })
  const open = async () => {
    const app = await openApp({
      settings,
      log: () => {},
      environment: options.environment ?? {},
      ...options.app,
    })
    await app.pipelines.reload()
    const server = await createServer(app, options)
    return { app, server, url: await server.listen({ host: settings.host, port: 0 }) }
  }
  let { app, server, url } = await open()
  const check = checker(server.swagger() as unknown as Document)

  return {
    get url() {
      return url
    },
    get port() {
      return Number(new URL(url).port)
    },
    project,
    get app() {
      return app
    },
    get server() {
      return server
    },
    restart: async () => {
      await server.end()
      await app.close()
      ;({ app, server, url } = await open())
    },
    call: async (method, path, { json, body, headers } = {}) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(json !== undefined ? { body: JSON.stringify(json) } : body !== undefined && { body }),
      })
      const text = await response.text()
      const isJson = /json/.test(response.headers.get('content-type') ?? '')
      const answer = isJson ? (JSON.parse(text) as unknown) : undefined
      if (isJson) check(method, path, response, answer)
      return { status: response.status, headers: response.headers, json: answer, text }
    },
    close: async () => {
      await server.end()
      await app.close()
      rmSync(project, { recursive: true, force: true })
    },
  }
}

interface Document {
  paths: {
    [path: string]: {
      [method: string]: {
        responses: { [status: string]: { content?: { [type: string]: { schema: object } } } }
      }
    }
  }
  components: object
}

function checker(document: Document) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema({ $id: 'api', ...document })
  return (method: string, path: string, response: Response, answer: unknown) => {
    const [address = ''] = path.split('?')
    // What has no operation is answered without one.
    if (response.status === 404 || response.status === 405 || address.endsWith('.json')) return
    const template = Object.keys(document.paths)
      .filter((each) => new RegExp(`^${each.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(address))
      .sort((one, other) => one.split('{').length - other.split('{').length)[0]
    if (template === undefined) return
    const responses = document.paths[template]?.[method.toLowerCase()]?.responses
    const answers = responses?.[String(response.status)] ?? responses?.default
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? ''
    const { schema } = answers?.content?.[type] ?? answers?.content?.['application/json'] ?? {}
    if (!schema)
      throw new Error(`${method} ${template} answers ${response.status} ${type}, which is not declared.`)
    const pointer = (text: string) => text.replaceAll('#/components/', 'api#/components/')
    const valid = ajv.compile(JSON.parse(pointer(JSON.stringify(schema))) as object)
    if (!valid(answer))
      throw new Error(`${method} ${template}: ${ajv.errorsText(valid.errors)}\n${JSON.stringify(answer)}`)
  }
}
