import { createServer, type Server } from 'node:http'
import { packageVersion, type Settings } from '../config/index.ts'
import { problemDetails, SluseError } from '../errors.ts'

/**
 * While the database is away: `/health` says that the process lives, so that nobody restarts it for nothing; all else is
 * refused for the time being. Why the database is away is in the log alone, since anybody may ask here. Closing it leaves
 * the port to the server itself. Throws `SLUSE-LISTEN`.
 */
export async function openWaitingRoom({ host, port }: Settings): Promise<{ close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const [path] = (request.url ?? '').split('?')
    // What was sent is not read.
    response.setHeader('connection', 'close')
    const answer = answerTo(path ?? '')
    response.writeHead(answer.status, { 'content-type': answer.type, 'retry-after': '5' })
    response.end(JSON.stringify(answer.body))
  })
  await listenOn(server, host, port)
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answerTo(path: string) {
  const type = 'application/json; charset=utf-8'
  if (path === '/health') return { status: 200, type, body: { status: 'ok', version: packageVersion() } }
  if (path === '/ready') {
    const detail = 'The database is away: this process opens as soon as it is there.'
    return { status: 503, type, body: { status: 'not-writable', detail } }
  }
  const problem = problemDetails(new SluseError('SLUSE-STORE-UNREACHABLE'))
  return { status: problem.status, type: 'application/problem+json', body: problem }
}

function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) =>
      reject(new SluseError('SLUSE-LISTEN', `${host}:${port} (${code}).`)),
    )
    server.listen({ host, port }, () => resolve())
  })
}
