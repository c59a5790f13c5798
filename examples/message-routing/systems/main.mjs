// A case system that takes receipts; stop it to see that the archive does not wait for it.
import { createServer } from 'node:http'

const port = Number(process.env.PORT ?? 8092)

createServer((request, response) => {
  let body = ''
  request.on('data', (chunk) => (body += chunk))
  request.on('end', () => {
    if (request.method === 'POST') console.log(`got ${request.headers['idempotency-key']}: ${body}`)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
}).listen(port, '127.0.0.1', () => console.log(`the case system answers at http://127.0.0.1:${port}`))
