/** The house of ARCHITECTURE.md, held by a machine: a room imports only from lower floors, through index.ts. */
const floors = [
  ['errors', 'joined'],
  ['jq'],
  ['config', 'database', 'workflow'],
  ['history', 'members'],
  ['engines', 'http', 'access', 'resilience', 'processes'],
  ['connectors', 'functions'],
  ['approvals', 'transfer', 'activities'],
  ['project'],
  ['app'],
  ['server'],
  ['cli'],
]

const room = (name) => `^src/${name}(/|\\.ts$)`

const upward = floors.flatMap((rooms, floor) =>
  rooms.map((name) => {
    const above = floors
      .slice(floor)
      .flat()
      .filter((other) => other !== name)
    return {
      name: `${name}-looks-down-only`,
      severity: 'error',
      from: { path: room(name), pathNot: '\\.test\\.ts$|/testing/' },
      to: { path: above.map(room).join('|') },
    }
  }),
)

export default {
  forbidden: [
    ...upward.filter((rule) => rule.to.path !== ''),
    {
      name: 'another-room-only-through-its-index',
      severity: 'error',
      comment: "What a room does not export in index.ts is nobody else's business.",
      from: { path: '^src/([^/]+)/', pathNot: '\\.test\\.ts$|/testing/' },
      to: {
        path: '^src/([^/]+)/.+',
        pathNot: [
          '^src/$1/',
          '^src/[^/]+/index\\.ts$',
          '^src/workflow/definition/index\\.ts$',
          '^src/engines/engine\\.ts$',
          // A sandbox holds what it imports: these two are pure, the rest of the room is not.
          '^src/history/(feed|marks)\\.ts$',
        ],
      },
    },
    {
      name: 'the-console-knows-only-the-api',
      severity: 'error',
      comment: 'Its types are generated; the expression compiler is `sluse/jq`.',
      from: { path: '^console/src' },
      to: { path: '^src/', pathNot: '^src/jq/' },
    },
    {
      name: 'nothing-knows-the-console',
      severity: 'error',
      from: { path: '^src' },
      to: { path: '^console/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: { path: '^src', pathNot: '^src/jq/' },
      comment:
        'The compiler of jq and its built-ins are mutually recursive: some built-ins are written in jq.',
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'pure-rooms-touch-no-host',
      severity: 'error',
      from: { path: '^src/(workflow|jq)/', pathNot: '\\.test\\.ts$|/testing/' },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
  },
}
