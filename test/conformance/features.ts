/**
 * What the specification asks of a runtime, in our words: one row per rule, grouped as its text is. A test shows
 * a rule by carrying its id in its name, `[flow.end] ...`; `scripts/docs-conformance.ts` makes the reference page
 * of them and fails where a rule has no passing test or a test names a rule that is not here.
 */
export interface FeatureGroup {
  readonly title: string
  /** Where the specification says it: headings of `dsl.md` and `dsl-reference.md`. */
  readonly source: string
  readonly features: { readonly [id: string]: string }
}

export const featureGroups = [
  {
    title: 'The document',
    source: 'dsl-reference.md: Workflow, Document, Task',
    features: {
      'document.formats': 'A definition is read from YAML and from JSON.',
      'document.required': '`document` (`dsl`, `namespace`, `name`, `version`) and `do` are required.',
      'document.identity': 'Versions are semantic versions; namespace and name are DNS-label-like.',
      'document.descriptive': '`title`, `summary`, `tags` and `metadata` are carried and change nothing.',
      'document.keys': 'An unknown key of a task or of `document` is refused.',
      'document.task-list': 'A task list is a list of one-key maps, and each task is of exactly one type.',
      'document.common':
        'Every type of task takes `if`, `input`, `output`, `export`, `timeout`, `then` and `metadata`.',
      'document.references': 'A name that points at nothing (`then`, `use`) is refused before anything runs.',
      'document.unique-names': 'Two tasks of one list cannot have one name.',
      'document.default-case': 'A `switch` has at most one default case.',
      'document.expressions': 'An expression that does not parse is refused before anything runs.',
      'evaluate.mode': '`strict` takes only a whole `${ }` as an expression; `loose` tries every string.',
      'evaluate.language': 'An expression language other than jq is refused.',
    },
  },
  {
    title: 'Reusable parts',
    source: 'dsl-reference.md: Use, Catalog, Extension',
    features: {
      'use.authentications': 'An authentication policy is defined once and used by name.',
      'use.errors': '`raise` names an error of `use.errors`.',
      'use.functions': '`call` names a function of `use.functions`, which may be a task of any type.',
      'use.retries': '`catch.retry` names a policy of `use.retries`.',
      'use.timeouts': '`timeout`, of the workflow and of a task, names one of `use.timeouts`.',
      'use.secrets': 'Only secrets that `use.secrets` lists are visible.',
      'use.secrets.missing': 'A secret that does not exist is an `authorization` error with status 403.',
      'use.secrets.hidden': 'The value of a secret appears in no lifecycle event.',
      'function.input':
        'A function gets `with` as its input, or the task’s input where there is none, and checks it.',
      'function.catalog':
        '`name:version@catalog` finds `functions/<name>/<version>/function.yaml` of a catalog.',
      'function.default-catalog': 'The project’s own `functions` folder is the catalog named `default`.',
      'function.url': '`call` may be the address of a `function.yaml`.',
      'function.git-url': 'The address of a file on GitHub leads to its raw content.',
      'extension.before-after':
        'An extension runs tasks before and after each task of the type that it extends.',
      'extension.all': '`extend: all` covers every task, but not the tasks of extensions.',
      'extension.when': '`when` decides per task, with `$task` describing the task that is extended.',
      'extension.exit': '`then: exit` in `before` skips the task; its output becomes the task’s output.',
      'extension.data': 'What extension tasks put out does not enter the data flow otherwise.',
      'extension.order': 'Of several extensions, `before` runs in declared order and `after` in reverse.',
    },
  },
  {
    title: 'Task flow',
    source: 'dsl.md: Task Flow; dsl-reference.md: Flow Directive',
    features: {
      'flow.order': 'Tasks run in the order of their list, from the first.',
      'flow.continue': '`continue` goes on with the next task.',
      'flow.exit': '`exit` completes the list that the task is in.',
      'flow.end': '`end` completes the whole workflow, from any depth, with the task’s output.',
      'flow.goto': 'A name goes on at that task of the same list, forwards or backwards.',
      'flow.scope': 'A name of another list is refused.',
      'flow.if': 'A task whose `if` does not hold is skipped, before its input is looked at.',
      'flow.skipped': 'A skipped task puts out its raw input, and none of its other parts happens.',
      'flow.fault': 'An error that nobody catches ends the workflow as `faulted` at once.',
    },
  },
  {
    title: 'Data flow',
    source: 'dsl.md: Data Flow; dsl-reference.md: Input, Output, Export, Schema',
    features: {
      'data.workflow-input-schema': 'The workflow’s raw input is validated before any task runs.',
      'data.workflow-input-from': '`input.from` of the workflow makes the first task’s input.',
      'data.input-schema': 'A task’s raw input is validated before the task runs.',
      'data.input-from': '`input.from` makes `$input` and the data of the task’s own expressions.',
      'data.output-as': '`output.as` makes of the raw output what the next task gets.',
      'data.output-schema': 'The output is validated after it was transformed.',
      'data.export-as': '`export.as` replaces the context with what it makes of the output.',
      'data.export-schema': 'The new context is validated.',
      'data.workflow-output-as': '`output.as` of the workflow transforms the last task’s output.',
      'data.workflow-output-schema': 'The workflow’s output is validated.',
      'data.validation-error':
        'A failed validation is a `validation` error with status 400 that can be caught.',
      'data.replace': 'An output replaces the data and is never merged into it.',
      'data.template': '`from` and `as` are an expression or a template of expressions.',
      'data.any-json': 'Input, output and context may be any JSON value.',
      'data.composite': 'A composite task goes through the same steps around its children.',
      'data.context-children': 'What a nested task exports is the context of all that follows.',
      'data.schema-format': 'The format of a schema is `json` unless it says so, also with a version.',
      'data.schema-resource': 'A schema is given in place or as an external resource.',
    },
  },
  {
    title: 'Expressions',
    source: 'dsl.md: Runtime Expressions',
    features: {
      'expression.jq': 'Expressions are jq.',
      'expression.error':
        'An expression that fails is an `expression` error with status 400 that can be caught.',
      'expression.fields': 'Fields that are expressions are evaluated with and without `${ }`.',
      'expression.values': 'Any other value is evaluated only as a whole `${ }`.',
      'expression.data': 'What an expression yields is data and is not evaluated again.',
      'expression.variables': 'Variables of loops and catches are visible in all nested expressions.',
      'expression.context': '`$context` is null at first, then what was exported last.',
      'expression.input': '`$input` is the task’s transformed input.',
      'expression.output': '`$output` is the transformed output, in `export.as`.',
      'expression.secrets': '`$secrets` holds the listed secrets.',
      'expression.authorization': '`$authorization` holds scheme and parameter of the task’s authentication.',
      'expression.task': '`$task` has name, reference, definition, input, output and start of the task.',
      'expression.workflow': '`$workflow` has id, definition, raw input and start of the run.',
      'expression.runtime': '`$runtime` has name, version and metadata of the runtime.',
      'expression.date-time': 'A date and time has ISO 8601 text and epoch seconds and milliseconds.',
    },
  },
  {
    title: 'Errors and retries',
    source: 'dsl.md: Fault Tolerance; dsl-reference.md: Error, Retry, Try, Raise',
    features: {
      'error.problem':
        'An error is problem details with type, status and the pointer of the task as `instance`.',
      'error.pointer':
        '`instance` follows the definition through `do`, `try`, `catch`, `fork` and `foreach`.',
      'error.communication':
        'A call that fails is a `communication` error with the HTTP status where there is one.',
      'error.timeout': 'A timeout is a `timeout` error with status 408.',
      'error.escalates': 'An error rises through composite tasks until something catches it.',
      'raise.inline': '`raise` raises an error given in place, with expressions in its texts.',
      'raise.flow': '`output`, `export` and `then` of a `raise` never apply.',
      'try.catch-all': 'An empty `catch` catches every error.',
      'try.filter': '`errors.with` catches only errors that equal it in every given property.',
      'try.when': '`when` and `exceptWhen` decide on the error.',
      'try.as': 'The error is in `$error`, or in the variable that `as` names.',
      'try.do': '`catch.do` handles the error and its output is the task’s output.',
      'try.do-fails': 'An error in `catch.do` rises.',
      'try.swallow': 'Without `do`, a caught error is swallowed and the rest of the tried tasks is given up.',
      'try.then': 'The task’s `then` applies after a caught error.',
      'try.catch-then': '`catch.then` says where to go on after a caught error.',
      'retry.again': 'A retry runs the whole `try` list again from its first input.',
      'retry.when': '`retry.when` and `retry.exceptWhen` decide whether to retry.',
      'retry.delay': 'Retries wait: a constant, linear or exponential backoff with jitter.',
      'retry.limit-count': '`limit.attempt.count` limits the retries; then the last error goes on.',
      'retry.limit-attempt': '`limit.attempt.duration` limits each attempt.',
      'retry.limit-duration': '`limit.duration` limits all attempts together.',
      'retry.then-do': 'When the retries are used up, `catch.do` handles the last error.',
    },
  },
  {
    title: 'Time and addresses',
    source: 'dsl-reference.md: Timeout, Duration, URI Template, Endpoint, External Resource',
    features: {
      'timeout.task': 'A task that takes longer than its timeout is interrupted and raises an error.',
      'timeout.workflow': 'A workflow that takes longer than its timeout is interrupted and faults.',
      'timeout.interrupts': 'The interruption reaches running children and open requests.',
      'duration.units':
        'A duration adds up days to milliseconds, or is ISO 8601 text, or an expression of it.',
      'duration.invalid': 'A duration that is none is refused.',
      'uri-template.expansion': '`{name}` is replaced by a top-level property of the input, percent-encoded.',
      'uri-template.missing': 'A property that is missing is an empty string.',
      'uri-template.type': 'A property that is an object or array is an `expression` error.',
      'endpoint.forms': 'An endpoint is a text, an expression, or a map with `uri` and `authentication`.',
      'resource.file': 'An external resource may be a file.',
    },
  },
  {
    title: 'Authentication',
    source: 'dsl-reference.md: Authentication',
    features: {
      'authentication.basic': '`basic` sends user name and password.',
      'authentication.bearer': '`bearer` sends a token.',
      'authentication.digest': '`digest` answers the challenge of the service.',
      'authentication.secret': 'A scheme takes its properties from a secret that it names.',
      'authentication.oauth2': '`oauth2` gets a token at the authority’s token endpoint, and keeps it.',
      'authentication.oidc': '`oidc` finds the token endpoint by discovery.',
      'authentication.fails': 'A token that cannot be got is an `authentication` error with status 401.',
    },
  },
  {
    title: 'Schedules, phases and lifecycle events',
    source: 'dsl.md: Status Phases, Lifecycle Events, Scheduling; dsl-reference.md: Schedule',
    features: {
      'schedule.every': '`every` starts a run each time the interval has passed.',
      'schedule.cron': '`cron` starts a run at the times of a five-field expression.',
      'schedule.after': '`after` starts the next run that long after the one before has ended.',
      'schedule.on': '`on` starts a run per match, with the events as its input.',
      'schedule.one-kind': 'A schedule has exactly one kind.',
      'lifecycle.workflow':
        'Start, completion, fault and cancellation of a workflow are published with exactly the documented data.',
      'lifecycle.suspend': 'Suspension and resumption of a workflow are published.',
      'lifecycle.correlation': 'Begin and end of a correlation are published, with the keys.',
      'lifecycle.task':
        'Creation, start, completion, fault and cancellation of a task are published with exactly the documented data.',
      'lifecycle.retried': 'Each retry of a task is published.',
      'lifecycle.envelope': 'Lifecycle events are CloudEvents 1.0 with source and subject of the run.',
    },
  },
  {
    title: 'Events',
    source: 'dsl-reference.md: Event Consumption Strategy, Event Filter, Emit, Listen',
    features: {
      'event.one': '`one` waits for one event that matches.',
      'event.all': '`all` waits for each of its filters once, in any order.',
      'event.any': '`any` takes the first event that matches one of its filters; empty, the first of all.',
      'event.until-expression': '`until` as an expression sees the events so far, after each.',
      'event.until-event':
        '`until` as a strategy ends the wait with an event that is not part of the output.',
      'event.filter':
        'A filter matches when all given attributes do: as equal, as regular expression, as expression.',
      'event.extension-attribute': 'Filters and emitted events may have extension attributes.',
      'event.correlate': 'Events correlate by value: to `expect`, or to the first event’s value.',
      'emit.event': '`emit` makes a CloudEvent with id and time of its own where they are not given.',
      'emit.output': 'The output of `emit` is the event.',
      'listen.output': '`listen` puts out the list of consumed events, by `data`, `envelope` or `raw`.',
      'listen.foreach':
        '`foreach` runs its tasks per event, one after the other, and its outputs make the list.',
    },
  },
  {
    title: 'Tasks of control',
    source: 'dsl-reference.md: Do, For, Fork, Set, Switch, Wait',
    features: {
      'do.sequence': '`do` runs its tasks in sequence and puts out what the last one does.',
      'set.template': '`set` makes data from a template.',
      'set.expression': '`set` makes data of any kind from one expression.',
      'switch.first': '`switch` takes the first case that holds.',
      'switch.default': 'Without one it takes the case without `when`, wherever it stands.',
      'switch.none': 'Without that it goes on by its own `then`; its output is always its input.',
      'wait.duration': '`wait` pauses and puts out its input.',
      'for.in': '`for` runs its tasks per item, with item and index as variables.',
      'for.chain': 'Each pass gets the output of the one before; the last output is the task’s.',
      'for.empty': 'Over nothing, `for` puts out its input.',
      'for.while': '`while` must hold before each pass.',
      'for.inline': '`for.in` may be a list in place.',
      'for.export': 'What a pass exports, the next one sees.',
      'fork.all': '`fork` runs its branches at once and puts out the list of outputs in declared order.',
      'fork.compete':
        'With `compete` the first branch to succeed gives the output and the others are cancelled.',
      'fork.error': 'An error of a branch is the error of the fork, and cancels the other branches.',
      'fork.input': 'Every branch gets the fork’s input.',
    },
  },
  {
    title: 'Calls',
    source: 'dsl-reference.md: Call',
    features: {
      'http.request': '`http` sends method, headers, query and body, given as map or expression.',
      'http.content': 'The output is the content, parsed where it is JSON.',
      'http.raw': '`output: raw` is the body in Base64.',
      'http.response': '`output: response` is the whole response with its request.',
      'http.redirect': 'Without `redirect` a 3xx is an error; with it the redirect is followed.',
      'http.unreachable': 'A host that cannot be reached is a `communication` error.',
      'openapi.swagger2': '`openapi` calls an operation of a Swagger 2 document.',
      'openapi.v3':
        '`openapi` calls an operation of an OpenAPI 3 document, with parameters in path, query, header and body.',
      'openapi.unknown': 'An operation that the document does not have is refused.',
      'grpc.unary': '`grpc` calls a method of a service by its proto file.',
      'asyncapi.publish': '`asyncapi` publishes a message.',
      'asyncapi.subscribe':
        '`asyncapi` consumes messages: an amount, while or until an expression holds, or for a time.',
      'asyncapi.foreach': '`asyncapi` runs tasks per message.',
      'a2a.call': '`a2a` calls an agent.',
      'mcp.stdio': '`mcp` calls a tool server over standard input and output.',
      'mcp.http': '`mcp` calls a tool server over HTTP.',
    },
  },
  {
    title: 'Processes',
    source: 'dsl-reference.md: Run',
    features: {
      'run.shell': '`shell` runs a command with arguments, environment and standard input.',
      'run.script.js': '`script` runs JavaScript.',
      'run.script.python': '`script` runs Python.',
      'run.script.source': 'The code of a script may be an external resource.',
      'run.return': '`return` chooses standard output, standard error, exit code, all or none.',
      'run.exit-code':
        'A process that ends with another code than 0 is a `runtime` error, unless the code is asked for.',
      'run.await': 'With `await: false` the task goes on at once with its input.',
      'run.container.no-engine': '`container` without a container engine is a clear error.',
      'run.workflow': '`workflow` runs another definition and puts out its output; its error rises.',
      'run.workflow.latest': '`version: latest` is the highest version there is.',
    },
  },
] as const satisfies readonly FeatureGroup[]

type KeysOfEach<T> = T extends { features: infer F } ? keyof F : never

/** The id of a rule. */
export type Feature = KeysOfEach<(typeof featureGroups)[number]>
