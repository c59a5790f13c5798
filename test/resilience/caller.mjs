// One process of several that call the same targets. Usage: caller.mjs <database url> <folder> <targets' address> <json>
// Calls each target from several places at once, over and over, until it is killed. Says `ready` once it is open.
import { openDatabase } from '../../dist/database/index.js'
import { databaseMembers, Member } from '../../dist/members/index.js'
import { databaseStore, Guard, readResiliency, Sharing } from '../../dist/resilience/index.js'

const [url, folder, address, given] = process.argv.slice(2)
const { presentMs, places, targets, spec } = JSON.parse(given)
const database = await openDatabase({ folder, url, exclusive: false })
const systemTime = {
  now: () => Date.now(),
  after: (ms, wake) => {
    const timer = setTimeout(wake, ms)
    return () => clearTimeout(timer)
  },
}
const options = { clock: systemTime, random: Math.random }
const store = databaseMembers(database)
const member = await Member.join({ store, role: 'worker', version: '1', presentMs })
const sharing = await Sharing.open({ store: databaseStore(database), member, ...options })
const guard = new Guard({
  policies: [readResiliency({ spec }).policies],
  connections: targets.map(({ name, limits }) => ({ target: { kind: 'app', name }, settings: { limits } })),
  classify: () => ({ transient: false, targetIsWell: false, away: true }),
  longestWaitMs: 60_000,
  sharing,
  ...options,
})
console.log('ready')
for (const { name } of targets) for (let at = 0; at < places; at++) void call(name)

async function call(name) {
  const how = { repeatable: () => true, attempt: 0, signal: new AbortController().signal }
  for (;;) {
    try {
      await guard.run({ kind: 'app', name }, how, async (signal) => {
        const headers = { from: String(process.pid) }
        const answer = await fetch(`${address}/${name}`, { signal, headers })
        await answer.text()
        if (!answer.ok) throw new Error(String(answer.status))
      })
    } catch {
      await new Promise((done) => setTimeout(done, 20))
    }
  }
}
