import { Command, Option } from 'commander'
import type { Grant } from '../access/index.ts'
import { SluseError } from '../errors.ts'
import { callServer } from './call-server.ts'
import { exitCodes } from './failure.ts'
import { table } from './table.ts'
import { plain, type Terminal } from './terminal.ts'
import { verb, type Given, type VerbOptions } from './verb.ts'

/** `sluse keys …`: keys for machines, and one's own. */
export function keysVerb(done: (code: number) => void): Command {
  const command = new Command('keys')
    .description('Keys with which machines, and people on the command line, show who they are.')
    .helpOption('-h, --help', 'Print help.')
    .helpCommand(false)
  for (const each of [list, create, revoke]) command.addCommand(each(done))
  return command
}

const common = { settings: ['client'] } as const satisfies Partial<VerbOptions>

interface Key {
  readonly id: string
  readonly name: string
  readonly prefix: string
  readonly owner?: string
  readonly roles: readonly string[]
  readonly expiresAt: string
  readonly usedAt?: string
  readonly revokedAt?: string
}

const list = verb({
  ...common,
  name: 'list',
  about: 'List keys: your own, and all where you may see them.',
  run: async ({ settings, terminal }) => {
    const { keys } = await callServer<{ keys: Key[] }>(settings, 'GET', '/api/v1/keys')
    if (terminal.json) terminal.data({ keys })
    else {
      const rows = keys.map((key) => [
        key.id,
        plain(key.name),
        key.owner ?? 'machine',
        key.roles.join(' '),
        key.revokedAt === undefined ? `until ${key.expiresAt.slice(0, 10)}` : 'revoked',
        key.usedAt?.slice(0, 10) ?? 'never used',
      ])
      terminal.line(table(['KEY', 'NAME', 'OF', 'ROLES', 'VALID', 'USED'], rows))
    }
    return exitCodes.done
  },
})

const create = verb({
  settings: ['client', 'project'],
  name: 'create',
  arguments: [['<name>', 'What it is for.']],
  about: 'Make a key. It is printed this once.',
  options: [
    new Option(
      '--role <role...>',
      'What it may do: `operator@grants`, `viewer`, or `operator:events.publish` for one permission.',
    ).makeOptionMandatory(),
    new Option('--days <number>', 'How long it is valid, 1 to 366.').default('90'),
    new Option('--own', 'A key with which you are yourself, instead of one for a machine.'),
    new Option(
      '--offline',
      'Make it where records are kept, while no server runs on it: for the first key of an installation.',
    ),
  ],
  run: async (given) => {
    const { settings, words, options, terminal } = given
    const days = Number(options.days)
    if (!Number.isInteger(days)) throw new SluseError('SLUSE-USAGE', '--days must be a whole number.')
    const body = { name: String(words[0]), roles: options.role as string[], days }
    const made =
      options.offline === true
        ? await createOffline(given, body)
        : await callServer<{ key: Key; secret: string }>(
            settings,
            'POST',
            options.own === true ? '/api/v1/keys/own' : '/api/v1/keys',
            { body },
          )
    tell(made, terminal)
    return exitCodes.done
  },
})

const revoke = verb({
  ...common,
  name: 'revoke',
  arguments: [['<ids...>', 'Their ids.']],
  about: 'Make keys worthless, at once.',
  run: async ({ settings, words, terminal }) => {
    const keys: Key[] = []
    for (const id of words[0] as readonly string[]) {
      keys.push(await callServer<Key>(settings, 'POST', `/api/v1/keys/${encodeURIComponent(id)}/revoke`))
    }
    if (terminal.json) terminal.data(keys)
    else for (const { id } of keys) terminal.line(`${id}  revoked`)
    return exitCodes.done
  },
})

function tell({ key, secret }: { key: { id: string }; secret: string }, terminal: Terminal): void {
  if (terminal.json) return terminal.data({ key, secret })
  terminal.line(secret)
  terminal.note('Keep it now: it cannot be seen again.')
}

/** Whoever can write the data folder can do everything with it anyway; the audit log says that it was done so. */
async function createOffline(
  { settings }: Given,
  { name, roles, days }: { name: string; roles: string[]; days: number },
) {
  const [{ openDatabase }, { openAuditLog }, { Keys, grantText, localPrincipal, parseGrant }] =
    await Promise.all([
      import('../database/index.ts'),
      import('../history/index.ts'),
      import('../access/index.ts'),
    ])
  const { data: folder, databaseUrl: url } = settings
  const database = await openDatabase({ folder, url, exclusive: false })
  try {
    const grants = roles.map((text): Grant => {
      try {
        return parseGrant(text)
      } catch (error) {
        throw new SluseError('SLUSE-KEY', (error as Error).message)
      }
    })
    const now = () => Date.now()
    const wanted = { name, grants, lifetime: days * 86_400_000 }
    const { key, secret, statement } = new Keys(database, now).create(wanted, 'local', localPrincipal.grants)
    const entry = openAuditLog(database, now).entry({
      who: { subject: 'local', name: 'command line' },
      action: 'keys.create',
      resource: `key/${key.id}`,
      outcome: 'done',
      details: { name, roles: grants.map(grantText), offline: true },
    })
    await database.commit([statement, ...entry])
    return { key, secret }
  } finally {
    await database.close()
  }
}
