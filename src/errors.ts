/**
 * The one table of Sluse's own errors. A code is stable for ever; what is printed for it may improve.
 * Match by `code`, never by class: a class does not survive a worker thread or a sandbox.
 *
 * Errors that a *pipeline* raises, catches and ends with are problem details (RFC 9457) and live in
 * `workflow/problem.ts`; a row of this table is for those who write, start and operate pipelines.
 */
export interface ErrorEntry {
  /** One sentence: what happened. */
  readonly what: string
  /** One sentence: what to do about it. */
  readonly todo: string
  /** The HTTP status with which the API answers it. */
  readonly status: number
}

export const errorTable = {
  'SLUSE-RUN-NOT-FOUND': {
    what: 'There is no run with this id.',
    todo: 'List the runs with `sluse runs list`; a run is removed when its retention has passed.',
    status: 404,
  },
  'SLUSE-RUN-ENDED': {
    what: 'The run has already ended, so it cannot be cancelled, suspended or resumed.',
    todo: 'Rerun it instead: `sluse runs rerun <id>`.',
    status: 409,
  },
  'SLUSE-RUN-STATE': {
    what: 'The run is not in a state in which this can be done.',
    todo: 'Look at its status first: only a suspended run is resumed, only a run under way is suspended.',
    status: 409,
  },
  'SLUSE-TASK-NOT-FOUND': {
    what: 'The run has no task with this key, or has not come to it yet.',
    todo: 'Give the `key` of a task in the timeline of the run.',
    status: 404,
  },
  'SLUSE-RUN-TASK': {
    what: 'The run has no task with this reference, so it cannot be rerun from there.',
    todo: 'Give the reference of a task that has started in the run, as `sluse runs show <id>` prints it.',
    status: 422,
  },
  'SLUSE-DEFINITION-NOT-FOUND': {
    what: 'No definition of this namespace, name and version is deployed.',
    todo: 'Deploy it, or correct the name; `sluse validate` lists what the project holds.',
    status: 404,
  },
  'SLUSE-DEFINITION-INVALID': {
    what: 'The definition is not valid, so nothing was started or deployed.',
    todo: 'Correct each finding; every one names its file, line and JSON pointer.',
    status: 422,
  },
  'SLUSE-DEFINITION-TEXT': {
    what: 'The text of the definition cannot be taken in: it is empty, too large, too deep, or not UTF-8.',
    todo: 'Save it as UTF-8, one definition a file, and keep data out of it.',
    status: 422,
  },
  'SLUSE-DEFINITION-SYNTAX': {
    what: 'The text of the definition is not valid YAML or JSON.',
    todo: 'Correct it at the line and column given; an editor that knows YAML shows it, too.',
    status: 422,
  },
  'SLUSE-DEFINITION-DSL': {
    what: 'The definition is written for another version of the language.',
    todo: 'Write `dsl: 1.0.3`, and correct what that changes.',
    status: 422,
  },
  'SLUSE-DEFINITION-MISSING': {
    what: 'The definition lacks something that must be there.',
    todo: 'Add it.',
    status: 422,
  },
  'SLUSE-DEFINITION-UNKNOWN-KEY': {
    what: 'The definition has a key that means nothing at this place.',
    todo: 'Correct its name, move it to where it belongs, or remove it.',
    status: 422,
  },
  'SLUSE-DEFINITION-TYPE': {
    what: 'A value of the definition is of another type or form than it must be.',
    todo: 'Write a value of the type and form given.',
    status: 422,
  },
  'SLUSE-DEFINITION-CHOICE': {
    what: 'The definition has keys that exclude one another, or one that needs another.',
    todo: 'Keep exactly one of them.',
    status: 422,
  },
  'SLUSE-DEFINITION-TASK': {
    what: 'A task says nothing, or several things at once, of what to do.',
    todo: 'Give it exactly one key that says what to do.',
    status: 422,
  },
  'SLUSE-DEFINITION-TASK-LIST': {
    what: 'A list of tasks is not a list of named tasks.',
    todo: 'Write each task as an item of its own: `- name:`, and the task indented below it.',
    status: 422,
  },
  'SLUSE-DEFINITION-THEN': {
    what: 'A `then` goes to a task that is not in the same list.',
    todo: 'Name a task of the same list, or write `continue`, `exit` or `end`.',
    status: 422,
  },
  'SLUSE-DEFINITION-UNREACHABLE': {
    what: 'Nothing leads to a task, so it never runs.',
    todo: 'Let a `then` go to it, or remove it.',
    status: 422,
  },
  'SLUSE-DEFINITION-SWITCH': {
    what: 'The cases of a `switch` are not told apart.',
    todo: 'Keep one case without `when`, and a name of its own for each case.',
    status: 422,
  },
  'SLUSE-DEFINITION-REFERENCE': {
    what: 'The definition names something that it does not define in `use`.',
    todo: 'Define it in `use`, or correct the name.',
    status: 422,
  },
  'SLUSE-DEFINITION-CALL': {
    what: 'A `call` names a function that there is not.',
    todo: 'Define it in `use.functions`, name it as `name:version@catalog`, or give its address.',
    status: 422,
  },
  'SLUSE-DEFINITION-EXPRESSION': {
    what: 'An expression is not valid jq.',
    todo: 'Correct it at the line and column given.',
    status: 422,
  },
  'SLUSE-DEFINITION-VARIABLE': {
    what: 'An expression uses a variable that it does not have.',
    todo: 'Use one that is available there: `$context`, `$input`, `$workflow`, `$task`, `$runtime`, or one of a task around it.',
    status: 422,
  },
  'SLUSE-DEFINITION-LITERAL': {
    what: 'A text looks like an expression but is taken as it stands.',
    todo: 'Put the whole text into `${ }` if it is to be evaluated.',
    status: 422,
  },
  'SLUSE-DEFINITION-DURATION': {
    what: 'A duration is not valid, or not useful where it is.',
    todo: 'Write it in parts, such as `seconds: 30`, or as ISO 8601, such as PT30S.',
    status: 422,
  },
  'SLUSE-FUNCTION': {
    what: 'A `function.yaml` says how the function is run in a way that cannot be.',
    todo: 'Correct it: docs/reference/functions.md has every way to run a function.',
    status: 422,
  },
  'SLUSE-FUNCTION-BUILD': {
    what: 'A function could not be built from its source.',
    todo: 'Correct what the build tool says, or the `metadata.build` of its function.yaml.',
    status: 422,
  },
  'SLUSE-DEFINITION-CRON': {
    what: 'A cron expression is not valid.',
    todo: 'Write five fields: minute, hour, day of month, month, day of week.',
    status: 422,
  },
  'SLUSE-DEFINITION-URI': {
    what: 'An address is not a URI or a URI template of the language.',
    todo: 'Write a URI; in a template only `{name}` is replaced.',
    status: 422,
  },
  'SLUSE-DEFINITION-JSON-SCHEMA': {
    what: 'A JSON Schema of the definition is not valid.',
    todo: 'Correct it at the place given.',
    status: 422,
  },
  'SLUSE-DEFINITION-UNSUPPORTED': {
    what: 'The definition uses a feature that is not supported here.',
    todo: 'Use another way; the message names the feature.',
    status: 422,
  },
  'SLUSE-DEFINITION-RECURSION': {
    what: 'A workflow runs itself each time, so it never ends.',
    todo: 'Run it under a condition: an `if` or a `switch`.',
    status: 422,
  },
  'SLUSE-EVENT-INVALID': {
    what: 'The body is not a valid CloudEvent 1.0.',
    todo: 'Send id, source, type and specversion "1.0", in structured, binary or batch mode.',
    status: 400,
  },
  'SLUSE-TEMPORAL-LIBRARY': {
    what: 'The engine on Temporal needs libraries that are not installed.',
    todo: 'Install them beside Sluse: `npm install @temporalio/client @temporalio/worker @temporalio/workflow @temporalio/activity @temporalio/common`.',
    status: 500,
  },
  'SLUSE-TEMPORAL-BUNDLE': {
    what: 'What the engine on Temporal runs in its sandbox was not built with this version.',
    todo: 'Install a release, or build this one with `npm run build`.',
    status: 500,
  },
  'SLUSE-TEMPORAL-SETTINGS': {
    what: 'The settings of the engine do not fit together, so nothing was started.',
    todo: 'Set what is named; the how-to about Temporal lists what the engine needs.',
    status: 500,
  },
  'SLUSE-TEMPORAL-UNREACHABLE': {
    what: 'The Temporal server does not answer.',
    todo: 'See that it is up; runs go on by themselves when it is. Where only settings mend it, check `SLUSE_TEMPORAL_ADDRESS` and those of TLS.',
    status: 503,
  },
  'SLUSE-TEMPORAL-NAMESPACE': {
    what: 'The Temporal server answers, but has no such namespace.',
    todo: 'Make it, `temporal operator namespace create -n <namespace> --retention 7d`, or set `SLUSE_TEMPORAL_NAMESPACE`.',
    status: 503,
  },
  'SLUSE-STORE-FULL': {
    what: 'The disk is full, so nothing more can be made durable; nothing that was acknowledged is lost.',
    todo: 'Free space where SLUSE_DATA lies; the server goes on by itself when writing works again.',
    status: 507,
  },
  'SLUSE-STORE': {
    what: 'The database refused to write or to read.',
    todo: 'Run `sluse doctor`; the cause is in the log beside this code.',
    status: 500,
  },
  'SLUSE-STORE-UNREACHABLE': {
    what: 'The database cannot be reached, so nothing was read or written.',
    todo: 'See that PostgreSQL runs and that SLUSE_DATABASE_URL is right; the server goes on by itself when it is there again.',
    status: 503,
  },
  'SLUSE-STORE-REFUSED': {
    what: 'The database answers, and refuses this connection.',
    todo: 'Check user, password, database, `sslmode` and `sslrootcert` in SLUSE_DATABASE_URL: waiting does not mend it.',
    status: 503,
  },
  'SLUSE-STORE-UNKNOWN': {
    what: 'The server stopped while the database was away: whether the last change was written is not known.',
    todo: 'Look at what it was about before doing it again; runs and transfers find out by themselves.',
    status: 503,
  },
  'SLUSE-STORE-CHANGED': {
    what: 'Somebody else changed it at the same time, so nothing was written.',
    todo: 'Look at it anew, and try again.',
    status: 409,
  },
  'SLUSE-STORE-LOCKED': {
    what: 'The data folder, or the database, is in use by another process.',
    todo: 'Stop that process, or give this one a folder of its own with SLUSE_DATA, or a database of its own.',
    status: 503,
  },
  'SLUSE-STORE-NEWER': {
    what: 'The database was written by a newer version of Sluse.',
    todo: 'Start the newer version; there is no way back to an older schema but a backup.',
    status: 500,
  },
  'SLUSE-BACKUP': {
    what: 'No backup was made, and nothing of it is left lying.',
    todo: 'Name a folder that does not exist yet, and the data folder of a server with SLUSE_DATA.',
    status: 500,
  },
  'SLUSE-REPLAY': {
    what: 'A run does not replay as it was recorded, so it was stopped rather than continued wrongly.',
    todo: 'Report it with the run id; meanwhile rerun the run from its last good task.',
    status: 500,
  },
  'SLUSE-CLOSING': {
    what: 'The server is stopping and takes no new work.',
    todo: 'Send it again to another instance, or when the server is back.',
    status: 503,
  },
  'SLUSE-MIGRATE': {
    what: 'The records were not moved; both databases are as they were.',
    todo: 'Do what the message says, and ask again.',
    status: 409,
  },
  'SLUSE-SETTING': {
    what: 'A setting is not valid, so nothing was started.',
    todo: 'Correct each value named; docs/reference/settings.md lists all settings.',
    status: 500,
  },
  'SLUSE-SECRETS': {
    what: 'Secrets cannot be read.',
    todo: 'Correct the file or folder named; nothing of its content is ever shown.',
    status: 500,
  },
  'SLUSE-PROJECT': {
    what: 'The project cannot be read.',
    todo: 'Name its folder with --project, or make one with `sluse init`.',
    status: 500,
  },
  'SLUSE-PROJECT-FILE': {
    what: 'A file of the project cannot be read.',
    todo: 'Make it a readable file, saved as UTF-8, of the size given.',
    status: 422,
  },
  'SLUSE-PROJECT-SYMLINK': {
    what: 'A link in the project leads out of its folder, so it is not followed.',
    todo: 'Put the file itself into the project.',
    status: 422,
  },
  'SLUSE-PROJECT-DUPLICATE': {
    what: 'Two files define the same namespace, name and version.',
    todo: 'Raise the version of one of them, or remove it.',
    status: 422,
  },
  'SLUSE-PROJECT-WORKFLOW': {
    what: 'A pipeline runs a workflow that no file of the project defines.',
    todo: 'Add its definition, or correct namespace, name and version.',
    status: 422,
  },
  'SLUSE-PIPELINE-DISABLED': {
    what: 'The pipeline is disabled, so no run of it is started.',
    todo: 'Enable it: `sluse pipelines enable <name>`, or on its page in the console.',
    status: 409,
  },
  'SLUSE-TARGET-NOT-FOUND': {
    what: 'There is no target system of this name that was called or that a connection names.',
    todo: 'List them with `sluse targets list`; where several have the name, give the key.',
    status: 404,
  },
  'SLUSE-TARGET-STATE': {
    what: 'The circuit breaker of the target is not in a state in which this can be done.',
    todo: 'Look at it with `sluse targets list`: only one that is held is released, and it is released before it is reset.',
    status: 409,
  },
  'SLUSE-PROJECT-ANNOTATION': {
    what: 'An annotation of a connection is not known, or its value is not valid.',
    todo: 'Correct it; `docs/reference/policies/limits.md` lists the annotations.',
    status: 422,
  },
  'SLUSE-PROJECT-RETRIES': {
    what: 'A pipeline tries a call again, and so does a policy: the attempts multiply.',
    todo: 'Let one of them do it: remove `retry` from the `try`, or name a policy with `maxRetries: 0` for the target.',
    status: 422,
  },
  'SLUSE-PROJECT-POLICY': {
    what: 'A Resiliency resource is not valid.',
    todo: 'Correct it; docs/reference/resiliency.md shows what can stand there.',
    status: 422,
  },
  'SLUSE-PROJECT-CONNECTION': {
    what: 'A connection is not valid.',
    todo: 'Correct it; docs/reference/connections.md shows what can stand there.',
    status: 422,
  },
  'SLUSE-PROJECT-RESOURCE': {
    what: 'A connection or a policy is not a resource with apiVersion, kind and metadata.name.',
    todo: 'Write it as the Dapr resource that it is.',
    status: 422,
  },
  'SLUSE-PROJECT-TRANSFER': {
    what: 'A transfer names or asks for something that its connections do not have.',
    todo: 'Correct it; docs/reference/transfer.md and docs/reference/connections.md show what there is.',
    status: 422,
  },
  'SLUSE-CONNECTION-NOT-FOUND': {
    what: 'There is no connection of this name.',
    todo: 'List the connections with `sluse connections list`; each is a file in connections/.',
    status: 404,
  },
  'SLUSE-TRANSFER-NOT-FOUND': {
    what: 'There is no transfer with this id.',
    todo: 'List the transfers with `sluse transfers list`; one is removed with its dataset.',
    status: 404,
  },
  'SLUSE-TRANSFER-STATE': {
    what: 'The transfer is not in a state in which this can be done.',
    todo: 'Look at it with `sluse transfers show <id>`.',
    status: 409,
  },
  'SLUSE-DATASET-NOT-FOUND': {
    what: 'There is no dataset with this id.',
    todo: 'A dataset is removed when its time is over; `keep` of the transfer says how long that is.',
    status: 404,
  },
  'SLUSE-DATASET-ERASED': {
    what: 'The key of the dataset has been destroyed, so nobody can read it any more.',
    todo: 'Run the transfer again to read the source anew.',
    status: 410,
  },
  'SLUSE-DATASET-DAMAGED': {
    what: 'A dataset on disk is not as it was written.',
    todo: 'Check the disk, restore the data folder from a backup, or run the transfer again.',
    status: 500,
  },
  'SLUSE-DATASETS-UNREACHABLE': {
    what: 'Datasets cannot be written or read where they lie.',
    todo: 'Run `sluse doctor`. Transfers go on by themselves once it is mended.',
    status: 503,
  },
  'SLUSE-DATASETS-ELSEWHERE': {
    what: 'There are datasets that lie elsewhere than `SLUSE_DATASETS` says, so nothing was started.',
    todo: 'Set it to where they are, or move them: `sluse migrate --datasets-from folder`, or from `s3://bucket/prefix`.',
    status: 500,
  },
  'SLUSE-DEAD-LETTER-NOT-FOUND': {
    what: 'There is no dead letter with this number.',
    todo: 'List them with `sluse deadletters list`; they are removed with their dataset.',
    status: 404,
  },
  'SLUSE-DEAD-LETTER-STATE': {
    what: 'The dead letter is not open any more: it has been replayed or discarded.',
    todo: 'Look at it with `sluse deadletters show <number>`.',
    status: 409,
  },
  'SLUSE-TEST-FILE': {
    what: 'A test file is not valid.',
    todo: 'Correct what is named; docs/reference/tests.md describes the format.',
    status: 422,
  },
  'SLUSE-USAGE': {
    what: 'The command was not used as it must be.',
    todo: 'Look at its --help.',
    status: 400,
  },
  'SLUSE-SERVER': {
    what: 'The server does not answer.',
    todo: 'Start it with `sluse serve`, or name it with --server or SLUSE_URL.',
    status: 502,
  },
  'SLUSE-SIGN-IN': {
    what: 'There is no sign-in, so the server refuses to listen on anything but loopback.',
    todo: 'Set SLUSE_OIDC_ISSUER or SLUSE_AUTH=keys (docs/how-to/sign-in.md), listen on 127.0.0.1, or say --insecure-no-sign-in.',
    status: 500,
  },
  'SLUSE-SIGN-IN-FAILED': {
    what: 'Signing in did not succeed.',
    todo: 'Sign in again; where it keeps failing, the log of the server says why.',
    status: 401,
  },
  'SLUSE-SIGN-IN-DENIED': {
    what: 'The OpenID provider did not let the person in.',
    todo: 'Sign in with another account, or have whoever runs the provider give this one access.',
    status: 401,
  },
  'SLUSE-SIGN-IN-EXPIRED': {
    what: 'The sign-in took too long, was used before, or began in another browser.',
    todo: 'Sign in again, in one window and within ten minutes.',
    status: 401,
  },
  'SLUSE-SIGN-IN-CLOCK': {
    what: 'The clocks of the server and of the OpenID provider differ.',
    todo: 'Set the clock of the server by NTP; then sign in again.',
    status: 502,
  },
  'SLUSE-ATTEMPTS': {
    what: 'Too many attempts to get in have failed from here.',
    todo: 'Wait as long as the header Retry-After says, and look at which key or account is used.',
    status: 429,
  },
  'SLUSE-SIGN-IN-PROVIDER': {
    what: 'The OpenID provider does not answer, or not as one.',
    todo: 'Look at SLUSE_OIDC_ISSUER and whether the server can reach it; the log says what came.',
    status: 502,
  },
  'SLUSE-UNAUTHENTICATED': {
    what: 'Nobody is signed in, or the session or key is not valid any more.',
    todo: 'Sign in at /auth/sign-in, or send a key: Authorization: Bearer sluse_… (SLUSE_TOKEN for the command line).',
    status: 401,
  },
  'SLUSE-FORBIDDEN': {
    what: 'You may not do this.',
    todo: 'Ask an administrator for a role that allows it: docs/reference/roles.md tells which do.',
    status: 403,
  },
  'SLUSE-CSRF': {
    what: 'The request carries a session but does not show that our own page sent it, so it is refused.',
    todo: 'Send the header Sluse-Request: 1 with every request that changes something.',
    status: 403,
  },
  'SLUSE-KEY': {
    what: 'There is no such key, or it cannot be made like this.',
    todo: 'List the keys with `sluse keys list`; a key has at most the permissions of who makes it, and ends within a year.',
    status: 422,
  },
  'SLUSE-KEY-NOT-FOUND': {
    what: 'There is no key with this id.',
    todo: 'List the keys with `sluse keys list`.',
    status: 404,
  },
  'SLUSE-LISTEN': {
    what: 'The server cannot listen on this address and port.',
    todo: 'Stop what uses the port, or choose another with --port.',
    status: 500,
  },
  'SLUSE-REQUEST': {
    what: 'The request is not valid.',
    todo: 'Correct what is named; /openapi.json describes every request.',
    status: 400,
  },
  'SLUSE-INTAKE-NOT-FOUND': {
    what: 'There is no connection of this name that takes what is pushed.',
    todo: 'Declare a connection of the type `bindings.webhook`, or correct the address.',
    status: 404,
  },
  'SLUSE-INTAKE-SENDER': {
    what: 'The sender is not known: its key, signature or token is not taken.',
    todo: 'Compare key or secret with those of the connection; a signature is of the raw body, byte for byte.',
    status: 401,
  },
  'SLUSE-INTAKE-CLOSED': {
    what: 'The connection cannot take anything at present.',
    todo: 'Send it again later; whoever runs the server sees why with `sluse connections check`.',
    status: 503,
  },
  'SLUSE-REQUEST-SIZE': {
    what: 'The request is too large.',
    todo: 'Send less at a time, or raise SLUSE_MAX_BODY_BYTES.',
    status: 413,
  },
  'SLUSE-REQUEST-TYPE': {
    what: 'The request has a body of a type that is not taken here.',
    todo: 'Send it with a Content-Type that /openapi.json lists for the operation.',
    status: 415,
  },
  'SLUSE-REQUEST-HOST': {
    what: 'The request names another host, or comes from a page of another site, so it is refused.',
    todo: 'Without sign-in, call the server as localhost or 127.0.0.1, and only from its own pages.',
    status: 403,
  },
  'SLUSE-REQUEST-TIMEOUT': {
    what: 'The request was not sent whole in time.',
    todo: 'Send it faster, or raise SLUSE_REQUEST_TIMEOUT.',
    status: 408,
  },
  'SLUSE-APPROVAL-NOT-FOUND': {
    what: 'There is no approval with this id.',
    todo: 'List them with `sluse approvals list`; one is removed with its run when its retention has passed.',
    status: 404,
  },
  'SLUSE-APPROVAL-DECIDED': {
    what: 'It has been decided already, or nobody asks any more.',
    todo: 'Look at it anew: it says who decided, and when.',
    status: 409,
  },
  'SLUSE-APPROVAL-CHANGED': {
    what: 'It has changed since you looked at it, so nothing was decided.',
    todo: 'Look at it anew, and decide then.',
    status: 409,
  },
  'SLUSE-APPROVAL-CLAIMED': {
    what: 'Somebody else has taken it on.',
    todo: 'Ask them, or have an administrator release it.',
    status: 409,
  },
  'SLUSE-APPROVAL-NOT-ASKED': {
    what: 'You are not among those who are asked.',
    todo: 'Have it reassigned to you, or have somebody who is asked enter you as their stand-in.',
    status: 403,
  },
  'SLUSE-APPROVAL-FOUR-EYES': {
    what: 'You started the run or prepared the data, so somebody else must decide.',
    todo: 'Ask a colleague to decide.',
    status: 403,
  },
  'SLUSE-APPROVAL-TWICE': {
    what: 'You have decided already, or somebody has in the same stead; it takes different people.',
    todo: 'Ask a colleague to decide, too.',
    status: 409,
  },
  'SLUSE-APPROVAL-PERSON': {
    what: 'Only people decide: the key is one of a machine.',
    todo: 'Sign in, or use a key of your own: `sluse keys create <name> --own --role approver`.',
    status: 403,
  },
  'SLUSE-APPROVAL-COMMENT': {
    what: 'A no, and a wish for changes, needs a reason.',
    todo: 'Say why in `comment`.',
    status: 422,
  },
  'SLUSE-APPROVAL-FORM': {
    what: 'The form is not filled in as it must be.',
    todo: 'Correct each finding; the form is a JSON Schema that the approval tells.',
    status: 422,
  },
  'SLUSE-DELEGATION': {
    what: 'Nobody can stand in like this.',
    todo: 'Name another person, and a time of at most a year that has not passed.',
    status: 422,
  },
  'SLUSE-DELEGATION-NOT-FOUND': {
    what: 'There is no such delegation.',
    todo: 'List them with `sluse approvals delegations`.',
    status: 404,
  },
  'SLUSE-ROUTE': {
    what: 'There is nothing at this address.',
    todo: 'Look at /openapi.json for what there is.',
    status: 404,
  },
  'SLUSE-METHOD': {
    what: 'This address does not take this method.',
    todo: 'Look at /openapi.json for what it takes.',
    status: 405,
  },
  'SLUSE-DEPLOY-REFUSED': {
    what: 'This server takes its pipelines from its project folder, not over HTTP.',
    todo: "Put the file into the project's pipelines/ folder; only `sluse dev` takes definitions over HTTP.",
    status: 403,
  },
  'SLUSE-INTERNAL': {
    what: 'Something went wrong that should not be able to.',
    todo: 'Report it with the log around this time; nothing that was acknowledged is lost.',
    status: 500,
  },
  'SLUSE-JQ-SYNTAX': {
    what: 'The jq filter is not valid.',
    todo: 'Correct it at the line and column that the message names.',
    status: 422,
  },
  'SLUSE-JQ-REFUSED': {
    what: 'The jq filter uses something that is refused, because a filter has no access to its host.',
    todo: 'Take it out; docs/reference/expressions.md lists what is refused and what to use instead.',
    status: 422,
  },
  'SLUSE-JQ-ERROR': {
    what: 'The jq filter raised an error on this input.',
    todo: 'Correct the filter or the input, or handle the error in the filter with `try … catch` or `?`.',
    status: 422,
  },
  'SLUSE-JQ-LIMIT': {
    what: 'The jq filter reached one of its bounds: steps, size, depth or outputs.',
    todo: 'Give it less data at a time, or simplify it; an endless filter never ends otherwise.',
    status: 422,
  },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorTable

/** An error of the table, with what is particular to this case as its detail. */
export class SluseError extends Error {
  readonly code: ErrorCode
  /** What is particular to this case: a name, a value, a cause. Never a secret. */
  readonly detail: string
  readonly data: unknown

  constructor(code: ErrorCode, detail = '', options?: { cause?: unknown; data?: unknown }) {
    super(`${errorTable[code].what}${detail ? ` ${detail}` : ''} (${code})`, { cause: options?.cause })
    this.name = 'SluseError'
    this.code = code
    this.detail = detail
    this.data = options?.data
  }
}

/** Whether `error` carries this code, wherever it was made. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return typeof error === 'object' && error !== null && (error as { code?: unknown }).code === code
}

/** The error as problem details (RFC 9457), as API and command line give it. */
export function problemDetails(error: SluseError) {
  const { what, todo, status } = errorTable[error.code]
  return {
    type: `urn:sluse:error:${error.code}`,
    title: what,
    status,
    ...(error.detail === '' ? {} : { detail: error.detail }),
    code: error.code,
    todo,
    ...(Array.isArray(error.data) ? { findings: error.data as unknown[] } : {}),
  }
}
