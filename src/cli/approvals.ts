import { Command, Option } from 'commander'
import { callServer } from './call-server.ts'
import { exitCodes } from './failure.ts'
import { readJsonOption } from './json-input.ts'
import { table } from './table.ts'
import { plain, type Style, type Terminal } from './terminal.ts'
import { verb, type Given, type VerbOptions } from './verb.ts'

/** `sluse approvals …`: what people are asked, and their answers. */
export function approvalsVerb(done: (code: number) => void): Command {
  const command = new Command('approvals')
    .description('What waits for a decision: see it, decide, hand it on.')
    .helpOption('-h, --help', 'Print help.')
    .helpCommand(false)
  const verbs = [
    list,
    show,
    decide,
    act('claim'),
    act('release'),
    reassign,
    delegations,
    delegate,
    endDelegation,
  ]
  for (const each of verbs) command.addCommand(each(done))
  return command
}

const common = { settings: ['client'] } as const satisfies Partial<VerbOptions>

interface Summary {
  readonly id: string
  readonly title: string
  readonly pipeline: { readonly namespace: string; readonly name: string }
  readonly run: string
  readonly status: string
  readonly deadline?: string
  readonly quorum: number
  readonly votes: readonly { readonly name: string }[]
  readonly mayDecide: boolean
  readonly why?: string
}

interface Approval extends Summary {
  readonly content?: {
    readonly description: readonly Node[]
    readonly show: readonly unknown[]
    readonly form?: unknown
  }
  readonly outcome?: { readonly decision: string; readonly comment?: string }
  readonly events: readonly {
    readonly at: string
    readonly kind: string
    readonly subject?: string
    readonly data: { readonly name?: string; readonly comment?: string }
  }[]
}

interface Node {
  readonly value?: string
  readonly children?: readonly Node[]
}

const list = verb({
  ...common,
  name: 'list',
  about: 'List what waits for you, what you took part in, or all that you may see.',
  options: [
    new Option('--box <box>', 'inbox, mine or all.').choices(['inbox', 'mine', 'all']).default('inbox'),
    new Option('--status <list>', 'Only these: open, approved, rejected, …, with commas between them.'),
    new Option('--limit <number>', 'At most so many, 1 to 200.').default('50'),
  ],
  run: async ({ settings, options: { box, status, limit }, terminal }) => {
    const query = { box, status, limit }
    const page = await callServer<{ approvals: Summary[]; next?: string }>(
      settings,
      'GET',
      '/api/v1/approvals',
      { query },
    )
    if (terminal.json) terminal.data(page)
    else {
      const rows = page.approvals.map((each) => [
        each.id,
        painted(each.status, terminal),
        `${each.pipeline.namespace}/${each.pipeline.name}`,
        each.deadline ?? '',
        `${each.votes.length}/${each.quorum}`,
        plain(each.title).slice(0, 80),
      ])
      terminal.line(table(['APPROVAL', 'STATUS', 'PIPELINE', 'DEADLINE', 'YES', 'TITLE'], rows))
      if (page.next !== undefined) terminal.note('There are more: raise --limit.')
    }
    return exitCodes.done
  },
})

const show = verb({
  ...common,
  name: 'show',
  arguments: [['<id>', 'Its id.']],
  about: 'Show one approval: what is asked, what it shows, and what has happened to it.',
  run: async ({ settings, words, terminal }) => {
    const found = await callServer<Approval>(settings, 'GET', pathOf(words[0]))
    if (terminal.json) terminal.data(found)
    else print(found, terminal)
    return exitCodes.done
  },
})

const decide = verb({
  ...common,
  name: 'decide',
  arguments: [
    ['<id>', 'Its id.'],
    ['<decision>', 'approve, reject, or changes: send it back for changes.'],
  ],
  about: 'Decide. A no, and a wish for changes, needs a comment.',
  options: [
    new Option('-c, --comment <text>', 'Why.'),
    new Option('-f, --form <json>', 'The answer to its form: JSON, @file, or - for standard input.'),
  ],
  run: async ({ settings, words, options, terminal }) => {
    const decision = decisions.get(String(words[1]))
    if (decision === undefined) {
      terminal.note('The decision is approve, reject or changes.')
      return exitCodes.usage
    }
    const summary = await callServer<Summary>(settings, 'POST', `${pathOf(words[0])}/decide`, {
      body: {
        decision,
        ...(typeof options.comment === 'string' && { comment: options.comment }),
        ...(typeof options.form === 'string' && { form: await readJsonOption('--form', options.form) }),
      },
    })
    return tell(summary, terminal)
  },
})

const decisions = new Map([
  ['approve', 'approved'],
  ['reject', 'rejected'],
  ['changes', 'changes-requested'],
])

function act(name: 'claim' | 'release') {
  return verb({
    ...common,
    name,
    arguments: [['<id>', 'Its id.']],
    about: name === 'claim' ? 'Take it on, so that others leave it to you.' : 'Leave it to others again.',
    run: async ({ settings, words, terminal }) =>
      tell(await callServer<Summary>(settings, 'POST', `${pathOf(words[0])}/${name}`), terminal),
  })
}

const people = [
  new Option('--user <subject...>', 'Users, by subject or confirmed e-mail address.'),
  new Option('--group <name...>', 'Groups.'),
  new Option('--role <role...>', 'Roles.'),
]

const reassign = verb({
  ...common,
  name: 'reassign',
  arguments: [['<id>', 'Its id.']],
  about: 'Ask others instead.',
  options: [...people, new Option('-c, --comment <text>', 'Why.')],
  run: async ({ settings, words, options, terminal }: Given) => {
    const to = {
      ...(options.user !== undefined && { users: options.user }),
      ...(options.group !== undefined && { groups: options.group }),
      ...(options.role !== undefined && { roles: options.role }),
    }
    const body = { to, ...(typeof options.comment === 'string' && { comment: options.comment }) }
    return tell(
      await callServer<Summary>(settings, 'POST', `${pathOf(words[0])}/reassign`, { body }),
      terminal,
    )
  },
})

interface Delegation {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly namespace?: string
  readonly beginsAt: string
  readonly endsAt: string
  readonly reason?: string
}

const delegations = verb({
  ...common,
  name: 'delegations',
  about: 'List who stands in for whom.',
  run: async ({ settings, terminal }) => {
    const found = await callServer<{ delegations: Delegation[] }>(settings, 'GET', '/api/v1/delegations')
    if (terminal.json) terminal.data(found)
    else {
      const rows = found.delegations.map((each) => [
        each.id,
        each.from,
        each.to,
        each.namespace ?? '*',
        each.beginsAt.slice(0, 10),
        each.endsAt.slice(0, 10),
        plain(each.reason ?? ''),
      ])
      terminal.line(table(['DELEGATION', 'FROM', 'TO', 'NAMESPACE', 'BEGINS', 'ENDS', 'REASON'], rows))
    }
    return exitCodes.done
  },
})

const delegate = verb({
  ...common,
  name: 'delegate',
  arguments: [['<to>', 'Who stands in: their subject, or their confirmed e-mail address.']],
  about: 'Have somebody stand in for you while you are away.',
  options: [
    new Option('--until <time>', 'Until when, ISO 8601.').makeOptionMandatory(),
    new Option('--since <time>', 'From when, ISO 8601. Default: now.'),
    new Option('--from <subject>', 'For somebody else than yourself.'),
    new Option('--namespace <name>', 'Only for approvals of this namespace.'),
    new Option('--reason <text>', 'Why.'),
  ],
  run: async ({ settings, words, options, terminal }) => {
    const { until: endsAt, since: beginsAt, from, namespace, reason } = options
    const given = Object.entries({ from, beginsAt, namespace, reason }).filter(
      ([, value]) => value !== undefined,
    )
    const body = { to: String(words[0]), endsAt, ...Object.fromEntries(given) }
    const made = await callServer<Delegation>(settings, 'POST', '/api/v1/delegations', { body })
    if (terminal.json) terminal.data(made)
    else terminal.line(made.id)
    return exitCodes.done
  },
})

const endDelegation = verb({
  ...common,
  name: 'end-delegation',
  arguments: [['<id>', 'Its id.']],
  about: 'Nobody stands in any more.',
  run: async ({ settings, words }) => {
    await callServer(settings, 'POST', `/api/v1/delegations/${encodeURIComponent(String(words[0]))}/end`)
    return exitCodes.done
  },
})

function pathOf(id: Given['words'][number]): string {
  return `/api/v1/approvals/${encodeURIComponent(String(id))}`
}

function tell(summary: Summary, terminal: Terminal): number {
  if (terminal.json) terminal.data(summary)
  else
    terminal.line(
      `${summary.id}  ${painted(summary.status, terminal)}  ${summary.votes.length}/${summary.quorum}`,
    )
  return exitCodes.done
}

function print(found: Approval, terminal: Terminal): void {
  terminal.line(terminal.paint('bold', plain(found.title)))
  terminal.line(`${found.id}  ${painted(found.status, terminal)}  run ${found.run}`)
  if (found.deadline !== undefined) terminal.line(`until ${found.deadline}`)
  if (!found.mayDecide && found.why !== undefined)
    terminal.line(terminal.paint('dim', `not by you: ${found.why}`))
  if (found.content) {
    const { description, show: shown, form } = found.content
    terminal.line('')
    for (const node of description) terminal.line(plain(textOf(node)))
    for (const each of shown) terminal.line(plain(JSON.stringify(each, null, 2)))
    if (form !== undefined) terminal.line(`form: ${plain(JSON.stringify(form))}`)
  }
  terminal.line('')
  const rows = found.events.map(({ at, kind, subject, data }) => [
    at,
    kind,
    plain(data.name ?? subject ?? ''),
    plain(data.comment ?? ''),
  ])
  terminal.line(table(['AT', 'WHAT', 'WHO', 'COMMENT'], rows))
}

function textOf({ value, children = [] }: Node): string {
  return value ?? children.map(textOf).join('')
}

function painted(status: string, terminal: Terminal): string {
  const styles: { readonly [status: string]: Style } = { open: 'blue', approved: 'green', withdrawn: 'dim' }
  return terminal.paint(styles[status] ?? 'red', status)
}
