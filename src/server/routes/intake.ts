import { Busboy, type BusboyHeaders } from '@fastify/busboy'
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Type } from 'typebox'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { OpenConnection, PushIntake } from '../../connectors/index.ts'
import { SluseError } from '../../errors.ts'
import { problemOf } from '../../workflow/index.ts'
import { answers, problems } from '../schemas.ts'
import type { Route } from './route.ts'

/** Files of one multipart body. */
const mostFiles = 20

/** `POST /in/<connection>`: who may send is the connection's to say, not the roles'. */
export const intakeRoutes: Route = (scope, { app, stopping }) => {
  void scope.register(async (plain) => {
    const intake = plain.withTypeProvider<TypeBoxTypeProvider>()
    intake.removeAllContentTypeParsers()
    // The body stays a stream: it goes to disk, and is not bounded by what other routes may take.
    intake.addContentTypeParser(
      '*',
      (_request: unknown, payload: unknown, done: (error: null, body: unknown) => void) =>
        done(null, payload),
    )
    intake.post(
      '/in/:connection',
      {
        config: { access: { public: true } },
        bodyLimit: Number.MAX_SAFE_INTEGER,
        validatorCompiler: () => () => true,
        schema: {
          tags: ['events'],
          operationId: 'pushRecords',
          summary:
            'Take records that a system pushes: answered once they are durable; the same key twice is taken once',
          description:
            'JSON, NDJSON, CSV, XML, Excel or Parquet, or files of these as multipart. The connection says by which key, ' +
            'signature or token the sender is known. `Idempotency-Key` tells a repetition.',
          params: Type.Object({ connection: Type.String({ minLength: 1, maxLength: 200 }) }),
          body: { content: { '*/*': { schema: Type.Unknown({ description: 'The records.' }) } } },
          response: answers({
            202: Type.Object({
              dataset: Type.String({ description: 'Its URI.' }),
              records: Type.Integer(),
              bad: Type.Integer({
                description: 'What could not be read as a record: it is among the dead letters.',
              }),
              duplicate: Type.Boolean({ description: 'True where it had been received before.' }),
            }),
            ...problems(400, 401, 404, 413, 503),
          }),
        },
      },
      async ({ params, headers, body }, reply) => {
        const { connection: name } = params
        const declared = app.connections.list().some((each) => each.name === name)
        let connection: OpenConnection | undefined
        try {
          if (declared) connection = await app.connections.open(name)
          if (!connection?.intake) throw new SluseError('SLUSE-INTAKE-NOT-FOUND')
          const taken = await takeIn(
            connection.intake,
            flat(headers),
            body,
            app.settings.data,
            stopping,
            (request) => app.transfers.receive({ connection: name, ...request }),
          )
          return await reply.code(202).send(taken)
        } catch (error) {
          throw asAnswer(error)
        } finally {
          await connection?.close()
        }
      },
    )
  })
}

type Receive<T> = (request: Awaited<ReturnType<PushIntake['take']>>) => Promise<T>

async function takeIn<T>(
  intake: PushIntake,
  headers: { readonly [name: string]: string },
  body: unknown,
  dataFolder: string,
  signal: AbortSignal,
  receive: Receive<T>,
): Promise<T> {
  const folder = join(dataFolder, 'incoming')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const home = await mkdtemp(join(folder, 'in-'))
  try {
    const hash = intake.hash?.()
    let bytes = 0
    const tooLarge = () => bytes > intake.maxBytes
    if (Number(headers['content-length'] ?? 0) > intake.maxBytes) throw new SluseError('SLUSE-REQUEST-SIZE')
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length
        // What is too large is let pass by, and not kept: a connection that is cut could not be told why.
        if (tooLarge()) return done()
        hash?.update(chunk)
        done(null, chunk)
      },
    })
    const stream = body instanceof Readable ? body : Readable.from([])
    const parts = /^multipart\/form-data/i.test(headers['content-type'] ?? '')
      ? await saveFiles(stream, counted, headers, home, tooLarge)
      : await saveWhole(stream, counted, headers['content-type'] ?? '', join(home, 'body'))
    if (tooLarge()) throw new SluseError('SLUSE-REQUEST-SIZE')
    const request = await intake.take({ headers, digest: hash?.digest(), parts, signal })
    return await receive(request)
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

async function saveWhole(body: Readable, counted: Transform, contentType: string, file: string) {
  await pipeline(body, counted, createWriteStream(file, { mode: 0o600 }))
  return [{ name: '', contentType, file }]
}

async function saveFiles(
  body: Readable,
  counted: Transform,
  headers: { readonly [name: string]: string },
  home: string,
  tooLarge: () => boolean,
) {
  const parts: { name: string; contentType: string; file: string }[] = []
  const saving: Promise<void>[] = []
  let parser: InstanceType<typeof Busboy>
  try {
    parser = new Busboy({
      headers: headers as BusboyHeaders,
      limits: { files: mostFiles, fields: 0, parts: mostFiles },
    })
  } catch {
    throw new SluseError('SLUSE-REQUEST', 'Its multipart body is not valid.')
  }
  parser.on(
    'file',
    (_field: string, stream: Readable, filename: string, _encoding: string, contentType: string) => {
      const file = join(home, String(parts.length))
      parts.push({ name: filename.replace(/^.*[\\/]/, '').slice(0, 200), contentType, file })
      const saved = pipeline(stream, createWriteStream(file, { mode: 0o600 }))
      saved.catch(() => {})
      saving.push(saved)
    },
  )
  try {
    await pipeline(body, counted, parser)
    await Promise.all(saving)
  } catch (error) {
    if (tooLarge()) throw new SluseError('SLUSE-REQUEST-SIZE')
    if (error instanceof SluseError) throw error
    throw new SluseError('SLUSE-REQUEST', 'Its multipart body is not valid.')
  }
  if (parts.length === 0) throw new SluseError('SLUSE-REQUEST', 'Its multipart body holds no file.')
  return parts
}

const flat = (headers: { readonly [name: string]: string | readonly string[] | undefined }) =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'string' ? value : value.join(', ')]],
    ),
  )

/** A fault of a connection as the API answers it: what is wrong with the declaration is not the sender's to know. */
function asAnswer(error: unknown): unknown {
  const problem = problemOf(error)
  if (!problem) return error
  if (problem.type.endsWith('/authentication')) return new SluseError('SLUSE-INTAKE-SENDER')
  if (problem.type.endsWith('/validation')) return new SluseError('SLUSE-REQUEST', problem.detail ?? '')
  return new SluseError('SLUSE-INTAKE-CLOSED')
}
