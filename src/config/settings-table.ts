import {
  bucket,
  choice,
  databaseUrl,
  duration,
  flag,
  integer,
  list,
  mailServer,
  path,
  size,
  text,
  url,
  type SettingType,
} from './setting-types.ts'

export interface Setting<T = unknown> {
  readonly group: SettingGroup
  readonly type: SettingType<NonNullable<T>>
  /** `undefined`: the setting is not set unless somebody sets it. */
  readonly default: T
  /** For help and the reference page: one sentence, or two. */
  readonly about: string
  /** Where the name on the command line is not that of the setting. */
  readonly flag?: string
  /** `false`: it cannot stand in `sluse.yaml`. */
  readonly inFile?: false
  /** `true`: it holds a secret. It stands in the environment alone, and is never shown. */
  readonly secret?: true
}

/** Groups in which help and the reference page list the settings; a verb takes whole groups. */
export const settingGroups = {
  project: 'Where things are',
  server: 'The server',
  access: 'Who may do what',
  notify: 'Telling people what waits for them',
  engine: 'Running pipelines',
  functions: 'Functions',
  http: 'Calling other systems',
  client: 'Speaking to a server',
  log: 'Telling what happens',
} as const

export type SettingGroup = keyof typeof settingGroups

const declare = <T>(setting: Setting<T>): Setting<T> => setting

/** Every setting there is. Names in environment, file and on the command line are derived from the key. */
export const settingsTable = {
  project: declare({
    group: 'project',
    type: path,
    default: '.',
    inFile: false,
    about: "The project's folder: pipelines, connections, policies and functions.",
  }),
  data: declare({
    group: 'project',
    type: path,
    default: '.sluse',
    about: 'Where everything durable lies. From default and file it is within the project.',
  }),
  databaseUrl: declare<string | undefined>({
    group: 'project',
    type: databaseUrl,
    default: undefined,
    secret: true,
    about:
      'Keep records on PostgreSQL instead of a file in the data folder: `postgres://user:password@host:port/database?sslmode=verify-full`. See the how-to.',
  }),
  datasets: declare<string | undefined>({
    group: 'project',
    type: bucket,
    default: undefined,
    about:
      'Keep datasets in S3-compatible storage instead of the data folder: `s3://bucket/prefix`. Endpoint, region and credentials are those of the usual variables: `AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`.',
  }),
  secretsDir: declare<string | undefined>({
    group: 'project',
    type: path,
    default: undefined,
    about: 'A folder of secrets, one file a secret, as Docker and Kubernetes mount them.',
  }),
  engine: declare({
    group: 'engine',
    type: choice('embedded', 'temporal'),
    default: 'embedded',
    about:
      'What runs pipelines: `embedded` is this process, with its data on its own disk; `temporal` is any number of workers of a Temporal server, with the records on PostgreSQL.',
  }),
  role: declare<'all' | 'api' | 'worker'>({
    group: 'engine',
    type: choice('all', 'api', 'worker'),
    default: 'all',
    about:
      'What this process does, where the engine is `temporal`: `api` accepts, starts and commands, `worker` carries runs out.',
  }),
  temporalAddress: declare({
    group: 'engine',
    type: text,
    default: '127.0.0.1:7233',
    about: 'Host and port of the Temporal server.',
  }),
  temporalNamespace: declare({
    group: 'engine',
    type: text,
    default: 'default',
    about: 'The namespace in the Temporal server. It must be there.',
  }),
  temporalTaskQueue: declare({
    group: 'engine',
    type: text,
    default: 'sluse',
    about: 'The queue that the workers of this installation take their work from.',
  }),
  temporalEffects: declare<'batched' | 'single'>({
    group: 'engine',
    type: choice('batched', 'single'),
    default: 'batched',
    about:
      'Whether the effects of a run that come one after the other are one activity of Temporal, each recorded before the next one begins (`batched`), or each is an activity (`single`), which costs several times as much.',
  }),
  temporalKey: declare<string | undefined>({
    group: 'engine',
    type: text,
    default: undefined,
    secret: true,
    about:
      'With what everything is encrypted that Temporal is given: 64 hexadecimal digits, the same in all processes. Without it no run goes on.',
  }),
  temporalApiKey: declare<string | undefined>({
    group: 'engine',
    type: text,
    default: undefined,
    secret: true,
    about: 'A key with which this process is known to the Temporal server.',
  }),
  temporalTls: declare({
    group: 'engine',
    type: flag,
    default: false,
    about: 'Speak TLS to the Temporal server.',
  }),
  temporalCa: declare<string | undefined>({
    group: 'engine',
    type: path,
    default: undefined,
    about: "A file with the certificate of the authority of the Temporal server's; TLS is then spoken.",
  }),
  temporalCertificate: declare<string | undefined>({
    group: 'engine',
    type: path,
    default: undefined,
    about: 'A file with the certificate with which this process is known to the Temporal server.',
  }),
  temporalCertificateKey: declare<string | undefined>({
    group: 'engine',
    type: path,
    default: undefined,
    about: "A file with that certificate's key.",
  }),
  activityConcurrency: declare({
    group: 'engine',
    type: integer(1, 10_000),
    default: 100,
    about: 'How many calls and processes may be under way at the same time; further ones wait their turn.',
  }),
  transferJobs: declare({
    group: 'engine',
    type: integer(1, 1000),
    default: 16,
    about:
      'Where the engine is `temporal`: how many transfers a worker reads at the same time, and to how many targets it delivers; the rest is for other workers.',
  }),
  maxResultBytes: declare({
    group: 'engine',
    type: size,
    default: 10_000_000,
    about: 'The largest result of one call; a larger one is a fault of the run.',
  }),
  maxChildDepth: declare({
    group: 'engine',
    type: integer(1, 1000),
    default: 32,
    about: 'How many runs may be within one another, by `run: workflow`.',
  }),
  maxMissedRuns: declare({
    group: 'engine',
    type: integer(1, 100_000),
    default: 1000,
    about: 'How many runs a schedule with `missed: all` starts at most after an outage.',
  }),
  stuckAfter: declare({
    group: 'engine',
    type: duration,
    default: 3_600_000,
    about:
      'A call or process that takes longer than this, and a run that does not move for so long, are said to be stuck.',
  }),
  earlyEvents: declare({
    group: 'engine',
    type: duration,
    default: 3_600_000,
    about: 'How old an event that nobody consumed may be when a run that started after it listens for it.',
  }),
  inboxRetention: declare({
    group: 'engine',
    type: duration,
    default: 7 * 86_400_000,
    about: 'How long accepted events are kept, so that a repeated one is recognised.',
  }),
  runRetentionDays: declare({
    group: 'engine',
    type: integer(1, 36_500),
    default: 90,
    about: 'How many days an ended run and its history are kept.',
  }),
  maxDataBytes: declare<number | undefined>({
    group: 'engine',
    type: size,
    default: undefined,
    about:
      'How large the database may grow. Beyond, nothing new is taken, as on a full disk; runs go on once there is room.',
  }),
  functionTimeout: declare({
    group: 'functions',
    type: duration,
    default: 60_000,
    about: 'How long a function may take for one record, where its `function.yaml` does not say.',
  }),
  functionTimeoutMax: declare({
    group: 'functions',
    type: duration,
    default: 3_600_000,
    about: 'The longest time that a `function.yaml` may ask for.',
  }),
  functionMemory: declare({
    group: 'functions',
    type: size,
    default: 512_000_000,
    about:
      'How much memory a process of a function may hold with its children, where its `function.yaml` does not say.',
  }),
  functionMemoryMax: declare({
    group: 'functions',
    type: size,
    default: 4_000_000_000,
    about: 'The most of it that a `function.yaml` may ask for.',
  }),
  functionAnswer: declare({
    group: 'functions',
    type: size,
    default: 10_000_000,
    about: 'The largest answer to one record, where its `function.yaml` does not say.',
  }),
  functionAnswerMax: declare({
    group: 'functions',
    type: size,
    default: 100_000_000,
    about: 'The most of it that a `function.yaml` may ask for.',
  }),
  functionLog: declare({
    group: 'functions',
    type: size,
    default: 10_000_000,
    about: 'How much one process of a function may write to the log, where its `function.yaml` does not say.',
  }),
  functionLogMax: declare({
    group: 'functions',
    type: size,
    default: 1_000_000_000,
    about: 'The most of it that a `function.yaml` may ask for.',
  }),
  functionPool: declare({
    group: 'functions',
    type: integer(1, 1000),
    default: 1,
    about:
      'How many processes or requests of a function there may be at once, where its `function.yaml` does not say.',
  }),
  functionPoolMax: declare({
    group: 'functions',
    type: integer(1, 1000),
    default: 64,
    about: 'The most of them that a `function.yaml` may ask for.',
  }),
  functionRestarts: declare({
    group: 'functions',
    type: integer(1, 100_000),
    default: 10,
    about:
      'How many processes of a function may end in a row without any answer before its call fails, where its `function.yaml` does not say.',
  }),
  functionRestartsMax: declare({
    group: 'functions',
    type: integer(1, 100_000),
    default: 1000,
    about: 'The most of them that a `function.yaml` may ask for.',
  }),
  functionProcesses: declare({
    group: 'functions',
    type: integer(1, 10_000),
    default: 32,
    about: 'How many processes all functions may have at once; who wants more waits for its turn.',
  }),
  host: declare({
    group: 'server',
    type: text,
    default: '127.0.0.1',
    about: 'The address to listen on. Anything but loopback is refused while nobody has to sign in.',
  }),
  port: declare({
    group: 'server',
    type: integer(0, 65_535),
    default: 8080,
    about: 'The port to listen on; 0 takes any that is free.',
  }),
  insecureNoSignIn: declare({
    group: 'server',
    type: flag,
    default: false,
    inFile: false,
    about:
      'Listen beyond loopback although nobody has to sign in: whoever reaches the port can do everything.',
  }),
  publicUrl: declare<string | undefined>({
    group: 'server',
    type: url,
    default: undefined,
    about:
      'The address by which people reach the server, where a proxy stands before it; sign-in and mails use it.',
  }),
  trustedProxies: declare<readonly string[] | undefined>({
    group: 'server',
    type: list,
    default: undefined,
    about: 'Addresses of proxies whose `X-Forwarded-For` is believed: `10.0.0.5`, `10.0.0.0/8`.',
  }),
  auth: declare<'local' | 'oidc' | 'keys' | undefined>({
    group: 'access',
    type: choice('local', 'oidc', 'keys'),
    default: undefined,
    about:
      'How one gets in: `local` lets in whoever is at this machine, `keys` those with a key, `oidc` those who sign in, or have a key. Default: `oidc` where an issuer is set, else `local`.',
  }),
  oidcIssuer: declare<string | undefined>({
    group: 'access',
    type: url,
    default: undefined,
    about: 'The OpenID provider that people sign in at, by its issuer address.',
  }),
  oidcClientId: declare<string | undefined>({
    group: 'access',
    type: text,
    default: undefined,
    about:
      'What the provider knows this server as. Its secret, if it has one, is the secret `oidcClientSecret`.',
  }),
  oidcScopes: declare<readonly string[]>({
    group: 'access',
    type: list,
    default: ['openid', 'profile', 'email'],
    about: 'What is asked of the provider.',
  }),
  oidcSubjectClaim: declare({
    group: 'access',
    type: text,
    default: 'sub',
    about: 'The claim that tells people apart. It must never change, and never be given to somebody else.',
  }),
  oidcGroupsClaim: declare({
    group: 'access',
    type: text,
    default: 'groups',
    about: 'The claim with the groups of a person; `realm_access.roles` looks into an object.',
  }),
  oidcTrustEmail: declare({
    group: 'access',
    type: flag,
    default: false,
    about: 'Take e-mail addresses as confirmed where the provider does not say whether they are.',
  }),
  roles: declare<readonly string[]>({
    group: 'access',
    type: list,
    default: [],
    about:
      'Which groups have which roles: `approver=case-workers@grants` for the namespace grants, `viewer=*` for everyone who signs in. Nobody has a role otherwise.',
  }),
  sessionIdle: declare({
    group: 'access',
    type: duration,
    default: 3_600_000,
    about: 'After how long without a request one must sign in again.',
  }),
  sessionLifetime: declare({
    group: 'access',
    type: duration,
    default: 10 * 3_600_000,
    about: 'After how long one must sign in again in any case; groups are learnt anew then.',
  }),
  smtpServer: declare<string | undefined>({
    group: 'notify',
    type: mailServer,
    default: undefined,
    about:
      'Where mails are handed in: `smtp://user@mail.example.dk:587`. The password is the secret `smtpPassword`.',
  }),
  mailFrom: declare<string | undefined>({
    group: 'notify',
    type: text,
    default: undefined,
    about: 'From whom mails come: `Sluse <sluse@example.dk>`.',
  }),
  mailTitles: declare({
    group: 'notify',
    type: flag,
    default: false,
    about: 'Write the titles of approvals into mails. Not the default: a title may name somebody.',
  }),
  notifyWebhook: declare<string | undefined>({
    group: 'notify',
    type: url,
    default: undefined,
    about:
      'Where each notice is posted as a CloudEvent. It is signed with the secret `notifyWebhookSecret`, if there is one.',
  }),
  maxBodyBytes: declare({
    group: 'server',
    type: size,
    default: 10_000_000,
    about: 'The largest body of a request; a larger one is answered 413.',
  }),
  maxBodyDepth: declare({
    group: 'server',
    type: integer(1, 1000),
    default: 100,
    about: 'How deep the JSON of a request may nest; a deeper one is answered 400.',
  }),
  requestTimeout: declare({
    group: 'server',
    type: duration,
    default: 60_000,
    about: 'How long a client may take to send its whole request.',
  }),
  stopGrace: declare({
    group: 'server',
    type: duration,
    default: 30_000,
    about: 'How long work under way may take to come to rest when the server is stopped.',
  }),
  httpAllowedHosts: declare<readonly string[] | undefined>({
    group: 'http',
    type: list,
    default: undefined,
    about: 'Only these hosts may be called: `api.example.dk`, `*.example.dk`, `10.0.0.0/8`. Not set: any.',
  }),
  httpDeniedHosts: declare<readonly string[] | undefined>({
    group: 'http',
    type: list,
    default: undefined,
    about: 'These hosts may never be called, even where they are among the allowed ones.',
  }),
  httpDenyPrivateAddresses: declare({
    group: 'http',
    type: flag,
    default: false,
    about: 'Refuse loopback, private and other special addresses, whatever name leads to them.',
  }),
  httpTimeout: declare({
    group: 'http',
    type: duration,
    default: 300_000,
    about: 'How long one call may take in all, redirects and authentication included.',
  }),
  httpMaxResponseBytes: declare({
    group: 'http',
    type: size,
    default: 10_000_000,
    about: 'The largest answer that is taken into memory.',
  }),
  httpAuthoritiesFile: declare<string | undefined>({
    group: 'http',
    type: path,
    default: undefined,
    about: 'A PEM file of further certificate authorities to trust, such as an internal one.',
  }),
  httpClientCertificatesFile: declare<string | undefined>({
    group: 'http',
    type: path,
    default: undefined,
    about:
      'A JSON file of client certificates for mutual TLS: a list of `host`, `certificate` and `key` (PEM files beside it), `passphrase` if the key has one.',
  }),
  url: declare({
    group: 'client',
    type: url,
    default: 'http://127.0.0.1:8080',
    flag: 'server',
    about: 'The server to speak to.',
  }),
  token: declare<string | undefined>({
    group: 'client',
    type: text,
    default: undefined,
    inFile: false,
    about: 'The key with which to speak to it: `sluse_…`. Better in the environment than as a flag.',
  }),
  logLevel: declare<'silent' | 'error' | 'warn' | 'info' | 'debug'>({
    group: 'log',
    type: choice('silent', 'error', 'warn', 'info', 'debug'),
    default: 'info',
    about: 'How much is logged, on standard error, one JSON object a line.',
  }),
} as const satisfies { readonly [name: string]: Setting }

export type SettingName = keyof typeof settingsTable

/** `maxBodyBytes` as the environment has it: `SLUSE_MAX_BODY_BYTES`. */
export function environmentName(name: SettingName): string {
  return `SLUSE_${kebab(name).replaceAll('-', '_').toUpperCase()}`
}

/** `maxBodyBytes` as the command line has it: `max-body-bytes`. */
export function flagName(name: SettingName): string {
  return kebab((settingsTable[name] as Setting).flag ?? name)
}

/** The key in `sluse.yaml`; `undefined` where the setting cannot stand there. */
export function fileName(name: SettingName): string | undefined {
  const { inFile, secret }: Setting = settingsTable[name]
  return inFile === false || secret ? undefined : name
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
