import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openClients } from './clients.ts'
import type { Installation } from './installation.ts'

/**
 * A pipeline is deployed at the first API server, started at the second, decided at the first, and its end is seen at
 * the second. Gives what each saw; resolves to nothing where one never comes to see it.
 */
export async function seeEachOther({ apis, project }: Installation) {
  const [first, second] = apis.map((api) => openClients({ apis: [api] })) as [Clients, Clients]
  const text = readFileSync(join(project, 'pipelines', 'approved.yaml'), 'utf8')
  writeFileSync(join(project, 'pipelines', 'late.yaml'), text.replace('name: approved', 'name: late'))
  apis[0].reload()
  const path = '/api/v1/pipelines'
  const deployed = await seen(async () => {
    const { pipelines } = await second.get<{ pipelines: { name: string }[] }>(path)
    return pipelines.some(({ name }) => name === 'late')
  })
  const id = await second.run('late', 1)
  const { status } = await first.get<{ status: string }>(`/api/v1/runs/${id}`)
  const asked = await seen(async () => {
    const { approvals } = await first.get<{ approvals: { id: string }[] }>(`/api/v1/approvals?run=${id}`)
    return approvals[0]
  })
  await first.post(`/api/v1/approvals/${asked?.id}/decide`, { decision: 'approved' })
  const ended = await seen(async () => {
    const run = await second.get<{ status: string }>(`/api/v1/runs/${id}`)
    return run.status === 'completed' && run
  })
  return { deployed, status, ended: ended && ended.status }
}

type Clients = ReturnType<typeof openClients>

/** What it gives once it gives something; within half a minute. */
async function seen<T>(look: () => Promise<T | undefined | false>): Promise<T | undefined> {
  for (const until = Date.now() + 30_000; Date.now() < until;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return undefined
}
