import swagger from '@fastify/swagger'
import { TypeBoxValidatorCompiler, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import type { App } from '../app.ts'
import { packageVersion } from '../config/index.ts'
import { SluseError } from '../errors.ts'
import { authorise } from './authorise.ts'
import { pageFor, readAssets, send, serveConsole } from './console/index.ts'
import { guardBrowsers, isLoopbackAddress } from './guard.ts'
import { readJson, readUtf8 } from './json-body.ts'
import { openLive } from './live.ts'
import { createMetrics } from './metrics.ts'
import { answerProblems, sendProblem } from './problems.ts'
import { routes } from './routes/index.ts'
import { components } from './schemas.ts'

export interface ServerOptions {
  /** Take definitions over HTTP and write them into the project: for one person who writes pipelines. */
  readonly editable?: boolean
  /** Where the web console was built; tests give their own. */
  readonly consoleFolder?: string
}

/** A header that a client sends in pieces must be whole within this. */
const headersTimeoutMs = 10_000

/** A client may keep a connection for long that it does nothing with. */
const lastAnswersMs = 1000

/** The API over an app, not listening yet. Closing it does not close the app. */
export async function createServer(app: App, options: ServerOptions = {}) {
  const { settings, log } = app
  const server = fastify({
    logger: false,
    bodyLimit: settings.maxBodyBytes,
    requestTimeout: settings.requestTimeout,
    keepAliveTimeout: 65_000,
    forceCloseConnections: 'idle',
    // While it stops it still answers `/ready`; new work is refused below.
    return503OnClosing: false,
    http: {
      maxHeaderSize: 16_384,
      headersTimeout: Math.min(headersTimeoutMs, settings.requestTimeout),
      connectionsCheckingInterval: Math.min(2000, settings.requestTimeout),
    },
    frameworkErrors: (_error, _request, reply) =>
      void sendProblem(
        reply as unknown as FastifyReply,
        new SluseError('SLUSE-REQUEST', 'Its address is not valid.'),
      ),
    routerOptions: { maxParamLength: 500 },
    trustProxy: settings.trustedProxies === undefined ? false : [...settings.trustedProxies],
  })
    .withTypeProvider<TypeBoxTypeProvider>()
    .setValidatorCompiler(TypeBoxValidatorCompiler)
    // The answers are what history and engine give: nothing is cut away, nothing is converted.
    .setSerializerCompiler(() => (data) => JSON.stringify(data))

  const plain = server as unknown as FastifyInstance
  const assets = await readAssets(options.consoleFolder)
  answerProblems(plain, log, (request, reply) => {
    const page = pageFor(assets, request)
    return page && send(page, request, reply)
  })
  guardBrowsers(plain, isLoopbackAddress(settings.host), settings.publicUrl)
  const cookies = authorise(plain, app)
  takeBodies(plain, settings.maxBodyDepth)
  for (const component of components) server.addSchema(component)

  const stopping = new AbortController()
  server.addHook('onRequest', async (request) => {
    if (stopping.signal.aborted && request.method !== 'GET') throw new SluseError('SLUSE-CLOSING')
  })
  const metrics = createMetrics(plain, app, stopping.signal)
  const live = openLive(app, stopping.signal)

  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Sluse',
        version: packageVersion(),
        description: 'Receive or fetch data, have people approve it, deliver it.',
        license: { name: 'MPL-2.0', identifier: 'MPL-2.0' },
      },
      tags: [
        { name: 'pipelines', description: 'What can be run.' },
        { name: 'runs', description: 'What runs, ran, waits or failed.' },
        { name: 'transfers', description: 'Records that were moved, datasets and dead letters.' },
        { name: 'connections', description: 'The systems that records come from and go to.' },
        { name: 'events', description: 'CloudEvents that come in.' },
        { name: 'approvals', description: 'What people are asked, and what they decide.' },
        { name: 'access', description: 'Who you are, and keys.' },
        { name: 'audit', description: 'Who did what.' },
        { name: 'targets', description: 'The systems that pipelines call.' },
        { name: 'operation', description: 'For those who keep the server running.' },
      ],
      components: {
        securitySchemes: {
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: 'sluse',
            description:
              'A session, begun at /auth/sign-in. What changes something needs the header `Sluse-Request`, too.',
          },
          key: { type: 'http', scheme: 'bearer', description: 'A key: `sluse_…`.' },
        },
      },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json.$id === 'string' ? json.$id : `schema-${index}`,
    },
  })
  const context = {
    app,
    live,
    metrics,
    cookies,
    editable: options.editable ?? false,
    stopping: stopping.signal,
  }
  for (const route of routes) await server.register(async (scope) => route(scope, context))
  serveConsole(plain, assets)
  await server.ready()

  return Object.assign(server, {
    /** `/ready` says no, new work is refused, live connections end; reads are still answered. */
    refuseWork: () => stopping.abort(),
    /** Stops listening; what is being answered has a moment to end, then connections are closed. */
    end: async () => {
      stopping.abort()
      const patience = setTimeout(() => server.server.closeAllConnections(), lastAnswersMs)
      await server.close()
      clearTimeout(patience)
    },
  })
}

function takeBodies(server: FastifyInstance, depth: number): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => (body.byteLength === 0 ? undefined : readJson(body, depth)),
  )
  server.addContentTypeParser(
    ['application/yaml', 'text/yaml', 'application/x-yaml', 'text/plain'],
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => readUtf8(body),
  )
}
