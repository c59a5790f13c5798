// `npm start`: the example project with its sample systems, and three forms sent in.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const example = `${root}examples/association-grants`
const port = process.env.SLUSE_PORT ?? '8080'
const server = `http://127.0.0.1:${port}`
const systemsPort = '8090'
const systems = `http://127.0.0.1:${systemsPort}`

// Before anything starts: whoever has a port already would answer in the place of what is started here.
await free(port, 'Choose another with SLUSE_PORT.')
await free(systemsPort, 'The sample systems need it, because the pipeline calls them there.')

const children = [
  start([`${example}/systems/main.mjs`], {}),
  start([`${root}dist/program/sluse.js`, 'serve', example], {
    SLUSE_PORT: port,
    SLUSE_DATA: process.env.SLUSE_DATA ?? `${example}/.sluse`,
    SLUSE_SECRET_caseSystemToken: 'andeby-case-system',
  }),
]
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop(0))

await ready(`${server}/ready`)
await ready(systems)
// The form server has a key of its own, for sending forms alone: so it is not you who starts what you may approve.
const made = await post(`${server}/api/v1/keys`, 'application/json', {
  name: 'form server',
  roles: ['operator:events.publish'],
})
const { secret } = await made.json()
for (const file of readdirSync(`${example}/samples`)) {
  const form = JSON.parse(readFileSync(`${example}/samples/${file}`, 'utf8'))
  const event = {
    specversion: '1.0',
    id: file,
    source: '/andeby/forms',
    type: 'dk.andeby.form.grant-application.submitted',
    data: form,
  }
  const answer = await post(`${server}/events`, 'application/cloudevents+json', event, {
    authorization: `Bearer ${secret}`,
  })
  console.log(`sent in ${file}: ${answer.status} ${answer.statusText}`)
}

const [waiting] = await approvals()
console.log(`
Sluse runs. Open:
  ${server}                   the console: one form is delivered, one waits for approval, one is turned back
  ${systems}                   what the case system and the finance system have got
  ${server}/openapi.json       the API

One application is about more than 5000 kr. and waits for somebody to approve it (four eyes: whoever sent the form
cannot). Nobody has to sign in here, so that may be you, in another terminal:
  npx sluse approvals show ${waiting?.id ?? '<id>'}
  npx sluse approvals decide ${waiting?.id ?? '<id>'} approve --comment "I orden"
or  curl -H 'content-type: application/json' -d '{"decision":"approved"}' ${server}/api/v1/approvals/${waiting?.id ?? '<id>'}/decide

Try, too:
  npx sluse approvals list --box all
  npx sluse runs list
  npx sluse runs show <id>
  npx sluse graph examples/association-grants/pipelines/grant-application.yaml
  kill -9 the server while a delivery is being retried, and start again

Ctrl-C stops everything.`)

/** Those that wait, once there are some; they need a moment to get there. A second start has none that are new. */
async function approvals() {
  for (let attempt = 0; attempt < 50; attempt++) {
    const answer = await fetch(`${server}/api/v1/approvals`).catch(() => undefined)
    const { approvals = [] } = answer?.ok ? await answer.json() : {}
    if (approvals.length > 0) return approvals
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return []
}

async function post(url, type, body, headers = {}) {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': type, ...headers },
    body: JSON.stringify(body),
  })
}

function start(args, environment) {
  const child = spawn(process.execPath, args, { stdio: 'inherit', env: { ...process.env, ...environment } })
  child.once('exit', (code) => stop(code ?? 1))
  return child
}

async function free(port, todo) {
  const server = createServer()
  const taken = await new Promise((resolve) => {
    server.once('error', resolve).listen(Number(port), '127.0.0.1', () => resolve(undefined))
  })
  if (taken) {
    console.error(`Port ${port} cannot be used (${taken.code}). ${todo}`)
    process.exit(2)
  }
  await new Promise((resolve) => server.close(resolve))
}

function stop(code) {
  for (const child of children) child.kill('SIGTERM')
  process.exitCode = code
}

async function ready(url) {
  for (let attempt = 0; attempt < 150 && process.exitCode === undefined; attempt++) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  // Where one of the two has ended, that has said why.
  if (process.exitCode === undefined) console.error(`${url} does not answer.`)
  process.exit(process.exitCode ?? 1)
}
