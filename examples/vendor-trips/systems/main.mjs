// A vendor's API: a token, trips in pages of three, and a place to confirm them.
import { createServer } from 'node:http'

const trips = Array.from({ length: 7 }, (_, at) => ({
  id: 90211 + at,
  carId: 237 + (at % 2),
  date: '2026-10-24',
  distance: `${18.4 + at}`,
  // Days in 2050 and 2051: nobody has such a CPR number.
  passenger: ['0101505006', '1402515003'][at % 2],
}))
const token = 'sample-token'
const port = Number(process.env.PORT ?? 8091)

createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://vendor')
  const answer = (status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  let body = ''
  request.on('data', (chunk) => (body += chunk))
  request.on('end', () => {
    if (url.pathname === '/token') {
      const known = body.includes('client_secret=sample')
      return known
        ? answer(200, { access_token: token, token_type: 'Bearer', expires_in: 3600 })
        : answer(401, { error: 'invalid_client' })
    }
    if (request.headers.authorization !== `Bearer ${token}`) return answer(401, {})
    if (url.pathname === '/api/trips/confirmed') {
      console.log(`confirmed: ${body}`)
      return answer(200, {})
    }
    if (url.pathname !== '/api/trips') return answer(200, {})
    const at = Number(url.searchParams.get('cursor') ?? 0)
    const next = at + 3 < trips.length ? String(at + 3) : null
    return answer(200, { trips: trips.slice(at, at + 3), next })
  })
}).listen(port, '127.0.0.1', () => console.log(`the vendor answers at http://127.0.0.1:${port}`))
