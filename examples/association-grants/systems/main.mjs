// The municipality's other systems, for the example only: an address register, a case system and a finance system.
// They keep what they get in memory, and answer 503 now and then, as real ones do.
import { createServer } from 'node:http'

const port = Number(process.env.PORT ?? 8090)
const token = 'andeby-case-system'

const addresses = [
  {
    street: 'Ærøvej 12',
    postcode: '0999',
    district: 'Nørre Åby',
    id: 'a-0001',
    coordinates: [55.4617, 9.8746],
  },
  {
    street: 'Søndergade 4',
    postcode: '0999',
    district: 'Midtbyen',
    id: 'a-0002',
    coordinates: [55.4601, 9.8802],
  },
  {
    street: 'Ørnevænget 7',
    postcode: '0999',
    district: 'Østerbro',
    id: 'a-0003',
    coordinates: [55.4655, 9.8911],
  },
]
const cases = []
const commitments = []
/** Answers already given, by idempotency key: a repeated delivery gets the first answer and adds nothing. */
const answered = new Map()
let calls = 0

const routes = {
  'GET /': () => ({ cases, commitments }),
  'GET /addresses': ({ query }) => {
    const found = addresses.find(
      (it) => it.street === query.get('street') && it.postcode === query.get('postcode'),
    )
    return found ?? { status: 404, title: 'Adressen findes ikke' }
  },
  'GET /cases': () => cases,
  'POST /cases': ({ headers, body }) => {
    if (headers.authorization !== `Bearer ${token}`) return { status: 401, title: 'Unknown token' }
    const caseNumber = `2026-${String(cases.length + 1).padStart(5, '0')}`
    cases.push({ caseNumber, ...JSON.parse(body) })
    return { status: 201, caseNumber }
  },
  'POST /finance/commitments': ({ body }) => {
    calls += 1
    if (calls % 3 === 1) return { status: 503, title: 'The finance system is closing its books; try again' }
    commitments.push(body)
    return { status: 201, receipt: `F-${commitments.length}` }
  },
}

createServer(async (request, response) => {
  const url = new URL(request.url, 'http://systems')
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk
    if (body.length > 1e6) return request.destroy()
  }
  const key = request.headers['idempotency-key']
  const handler = routes[`${request.method} ${url.pathname}`]
  let answer = key === undefined ? undefined : answered.get(key)
  if (answer === undefined) {
    try {
      answer = handler?.({ query: url.searchParams, headers: request.headers, body }) ?? { status: 404 }
    } catch {
      answer = { status: 400, title: 'The body is not JSON' }
    }
    if (key !== undefined && (answer.status ?? 200) < 300) answered.set(key, answer)
  }
  const { status = 200, ...content } = Array.isArray(answer) ? {} : answer
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(`${JSON.stringify(Array.isArray(answer) ? answer : content, null, 2)}\n`)
}).listen(port, '127.0.0.1', () => console.log(`sample systems on http://127.0.0.1:${port}`))
