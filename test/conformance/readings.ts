import type { Feature } from './features.ts'

/** A place where the specification contradicts itself or is silent: how we read it, why, and where it is shown. */
export interface Reading {
  readonly place: string
  readonly question: string
  readonly reading: string
  readonly why: string
  /** A rule whose tests hold us to the reading. */
  readonly shownBy: Feature
}

export const readings: readonly Reading[] = [
  {
    place: 'Addresses of standard errors',
    question: 'DSL 1.0.x, the renamed main and the conformance kit each give other URIs.',
    reading:
      'We raise the one of 1.0.x (`https://serverlessworkflow.io/spec/1.0.0/errors/...`) and take all of them as equal when an error is caught.',
    why: 'Definitions of either age keep working, and one of the kit’s scenarios cannot pass otherwise.',
    shownBy: 'try.filter',
  },
  {
    place: 'Expressions in strict mode',
    question:
      'All expressions must be enclosed, says the text; examples and the kit write bare jq in `if`, `when`, `for.in`, `from`, `as`.',
    reading:
      'A field that can hold nothing but an expression is always evaluated. Any other value is evaluated only as a whole `${ }`.',
    why: 'It is what every example needs, and it never takes data for code.',
    shownBy: 'expression.fields',
  },
  {
    place: 'Bare or partial expressions in values',
    question: 'Some examples write `.customer`, `$error` or `Hello ${ .x }!` where a value stands.',
    reading: 'They are literal text. Validation warns of a value that looks like an expression.',
    why: 'The schema wants the whole text enclosed; evaluating by guess would be worse than a warning.',
    shownBy: 'expression.values',
  },
  {
    place: '`$secrets`',
    question: 'One sentence allows it in `input.from` only, the table of arguments everywhere.',
    reading: 'Everywhere that the table says; never written in clear to events or history.',
    why: 'Authentication needs it outside `input.from`.',
    shownBy: 'use.secrets.hidden',
  },
  {
    place: 'Initial `$context`',
    question: 'Not said; a diagram suggests the input.',
    reading: '`null`.',
    why: '`$context + { ... }` then works at once, and the input does not leak into every export.',
    shownBy: 'expression.context',
  },
  {
    place: 'Conditions that are not boolean',
    question: 'Not said.',
    reading: 'As in jq: `null` and `false` are no, all else is yes.',
    why: 'It is the language of the expression.',
    shownBy: 'flow.if',
  },
  {
    place: 'Dialect of JSON Schema',
    question: 'Not said for `format: json`.',
    reading: '2020-12, unless the schema or the format names another.',
    why: 'It is the newest and the one that OpenAPI 3.1 uses.',
    shownBy: 'data.schema-format',
  },
  {
    place: '`then` of a skipped task',
    question: 'Not said; implementations differ.',
    reading: 'It does not apply.',
    why: 'The example of a conditional task with `then: end` makes sense in no other way.',
    shownBy: 'flow.skipped',
  },
  {
    place: 'Two tasks of one name in a list; targets that do not exist',
    question: 'Not said.',
    reading: 'Refused before anything runs, with line and column.',
    why: 'A directive to such a name would be a guess.',
    shownBy: 'document.unique-names',
  },
  {
    place: '`exit` in the body of a loop',
    question: 'Does it end the pass or the loop?',
    reading: 'The pass: the scope is the list that the task is in.',
    why: 'That is how the directive is defined everywhere else; `while` ends a loop.',
    shownBy: 'flow.exit',
  },
  {
    place: '`end` inside other tasks',
    question: 'What of branches, of enclosing tasks, of a workflow that another runs?',
    reading:
      'It ends the whole run, cancels other branches, and enclosing tasks complete with their own `output` and `export`. In a workflow that is run by another, only that one ends.',
    why: '“Gracefully” means that nothing around it is left half done.',
    shownBy: 'flow.end',
  },
  {
    place: 'Overlapping cases of `switch`',
    question: 'Not said.',
    reading: 'The first in declared order; the default last, wherever it stands.',
    why: 'Order is the only thing that an author controls.',
    shownBy: 'switch.first',
  },
  {
    place: '`for` over nothing',
    question: 'What is its output?',
    reading: 'Its transformed input.',
    why: 'Passes are chained, and a chain of none leaves the data as it was.',
    shownBy: 'for.empty',
  },
  {
    place: '`for.while`',
    question: 'Before or after a pass, and on which data?',
    reading: 'Before each, on the data that the pass would get, with item and index in sight.',
    why: 'So it can prevent the first pass as well.',
    shownBy: 'for.while',
  },
  {
    place: '`catch.retry` with `catch.do`',
    question: 'Which comes first?',
    reading: 'Retries first; `do` handles the last error when they are used up.',
    why: 'A handler that runs for an error that the next attempt mends would notify people for nothing.',
    shownBy: 'retry.then-do',
  },
  {
    place: '`limit.attempt.count`',
    question: 'Attempts in all, or retries?',
    reading: 'Retries: a count of 2 is three attempts at most.',
    why: 'The text’s own example says “retrying 5 times”.',
    shownBy: 'retry.limit-count',
  },
  {
    place: '`limit.attempt.duration` and `limit.duration`',
    question: 'Text and schema describe them the other way round.',
    reading: 'By their names: the first limits each attempt, the second all together.',
    why: 'The names are what an author sees.',
    shownBy: 'retry.limit-attempt',
  },
  {
    place: 'Backoff',
    question: 'No formula is given.',
    reading: 'Constant d; linear d·n; exponential d·2ⁿ⁻¹, from n = 1; jitter is added.',
    why: 'The first retry then waits as long as `delay` says, whichever is chosen.',
    shownBy: 'retry.delay',
  },
  {
    place: 'Data of `catch.when` and `retry.when`',
    question: 'Not said.',
    reading: '`.` is the error, and so is the variable.',
    why: 'It is all that they can be about.',
    shownBy: 'try.when',
  },
  {
    place: 'A caught error without `do`',
    question: 'What is the output?',
    reading: 'The try task’s transformed input.',
    why: 'What follows can go on with its data.',
    shownBy: 'try.swallow',
  },
  {
    place: 'Input of `catch.do`',
    question: 'Not said.',
    reading: 'The try task’s transformed input; the error is in the variable.',
    why: 'The output of an abandoned task is not something to rely on.',
    shownBy: 'try.do',
  },
  {
    place: '`fork` with `compete`',
    question: 'Does a branch that fails first win?',
    reading: 'No: the first to succeed does. When all fail, the first error is the fork’s.',
    why: 'Racing two sources for one answer is what it is for.',
    shownBy: 'fork.compete',
  },
  {
    place: '`fork` and the context',
    question: 'Not said.',
    reading: 'Exports apply one after the other, in the order in which tasks complete.',
    why: 'That order is recorded, so a run that is replayed gets the same context.',
    shownBy: 'data.context-children',
  },
  {
    place: 'Output of `listen`',
    question: 'A note says a list; some examples read it as one event.',
    reading: 'Always the list, of data unless `read` says otherwise.',
    why: 'The note is explicit, and a shape that depends on the number of events is a trap.',
    shownBy: 'listen.output',
  },
  {
    place: '`redirect: true`',
    question: 'Follow a redirect, or merely accept it?',
    reading:
      'Follow it, at most ten times, without credentials to another origin; a 3xx that is left over is a success.',
    why: 'An author who allows redirects wants what is at the end of them.',
    shownBy: 'http.redirect',
  },
  {
    place: 'Content of a response',
    question: 'The list of types that are parsed is missing.',
    reading: 'JSON types are parsed, text is text, anything else is Base64.',
    why: 'No other value survives as JSON.',
    shownBy: 'http.content',
  },
  {
    place: '401 and 403 of a service',
    question: '`communication`, or `authentication` and `authorization`?',
    reading: '`communication` with that status; `authentication` only where we could not get a token.',
    why: 'The rule for calls is explicit, and the status still tells.',
    shownBy: 'error.communication',
  },
  {
    place: '`with` of a function',
    question: 'What if it is absent; is it merged with the task’s input?',
    reading: 'Absent, the function gets the task’s input; present, it gets `with` alone.',
    why: 'A function sees what it is given and nothing by accident.',
    shownBy: 'function.input',
  },
  {
    place: 'Script languages',
    question: 'A table says `js`, examples say `javascript`.',
    reading: 'Both are taken.',
    why: 'Both are found in the wild.',
    shownBy: 'run.script.js',
  },
  {
    place: 'Exit codes',
    question: 'Is a code other than 0 an error?',
    reading: 'Yes, unless the code is part of what `return` asks for.',
    why: 'Who asks for the code will look at it; who does not must be told.',
    shownBy: 'run.exit-code',
  },
  {
    place: '`version: latest` of a workflow',
    question: 'Latest by time or by version?',
    reading: 'The highest semantic version that is deployed when the run starts.',
    why: 'It does not depend on the order of deployment.',
    shownBy: 'run.workflow.latest',
  },
  {
    place: '`id` and `source` of emitted events',
    question: 'Required in one place and generated in another.',
    reading: 'What is missing is generated; the source is `/namespace/name/version` of the workflow.',
    why: 'It accepts what either text allows.',
    shownBy: 'emit.event',
  },
  {
    place: 'Data of extension tasks',
    question: 'Does it enter the data flow?',
    reading: 'No, except the output of a `before` task that exits.',
    why: 'A logging extension would otherwise destroy the data of every task.',
    shownBy: 'extension.data',
  },
  {
    place: '`when` of an extension',
    question:
      'What if it fails on a task? The specification’s own example does, on an endpoint that is a map.',
    reading:
      'It does not hold. `$task` also has the properties of the extended task’s definition, as the example reads them.',
    why: 'It is asked of tasks of every shape, as the conditions of event filters are of every event.',
    shownBy: 'extension.when',
  },
  {
    place: 'Input of `foreach.do`',
    question: 'The task’s input, or the event?',
    reading: 'The task’s transformed input; the event is in the variable.',
    why: 'It is so in `for`, and an example takes an address from it.',
    shownBy: 'listen.foreach',
  },
  {
    place: 'Several extensions of one task',
    question: 'In which order?',
    reading: '`before` as declared, `after` in reverse.',
    why: 'They nest, as wrappers do everywhere.',
    shownBy: 'extension.order',
  },
  {
    place: 'Several kinds of schedule at once',
    question: 'One is required, says the text; the schema requires none.',
    reading: 'Exactly one. Times are UTC unless configured.',
    why: 'What two of them would mean together is nowhere said.',
    shownBy: 'schedule.one-kind',
  },
  {
    place: 'Regular expressions in event filters',
    question: 'Anchored? Literal dots?',
    reading: 'Exact equality first, else an expression that must match the whole value.',
    why: 'A type with dots then matches itself and not its neighbours.',
    shownBy: 'event.filter',
  },
  {
    place: '`any: []` without `until`',
    question: 'The first event, or for ever?',
    reading: 'The first event.',
    why: 'The reference says so; for ever is `until: false`.',
    shownBy: 'event.any',
  },
  {
    place: '`instance` of a raised error',
    question: 'The runtime must set it; an example sets it itself.',
    reading: 'What the author gives is kept.',
    why: 'An author who writes it means it.',
    shownBy: 'raise.inline',
  },
  {
    place: 'Pointers into loops and forks',
    question: 'Implementations write `/for/` or `/branch/`.',
    reading: 'The real JSON pointer in the definition, of the text as it is.',
    why: 'RFC 6901 has one answer, and an editor can follow it.',
    shownBy: 'error.pointer',
  },
  {
    place: '`errors.with.detail` or `details`',
    question: 'Text and schema differ.',
    reading: 'Both are taken.',
    why: 'It is the same property of the error.',
    shownBy: 'try.filter',
  },
  {
    place: 'Output of `wait`',
    question: 'Not said.',
    reading: 'Its transformed input.',
    why: 'It makes no data of its own.',
    shownBy: 'wait.duration',
  },
  {
    place: 'A task’s timeout and its retries',
    question: 'Does it cover them?',
    reading: 'Yes: it is the time of the whole task.',
    why: 'That is what a caller waits for.',
    shownBy: 'timeout.task',
  },
  {
    place: 'Output in lifecycle events',
    question: '1.0.x carries `output`, the renamed main `outputUri`.',
    reading: '`output`, any JSON value.',
    why: 'It is what 1.0.x documents.',
    shownBy: 'lifecycle.task',
  },
  {
    place: 'Operation of an AsyncAPI 3 document',
    question: 'Must its `action` fit: `send` for a `message`, `receive` for a `subscription`?',
    reading:
      'No: `message` publishes and `subscription` takes, whichever side the document was written from.',
    why: 'Of version 2 the reference says so outright, and documents of version 3 exist from both sides.',
    shownBy: 'asyncapi.publish',
  },
  {
    place: 'Data of `while` and `until` of a subscription',
    question: 'Not said; examples count `$context.consumedMessages`, which nothing fills.',
    reading:
      '`.` is the list of messages so far. `until` is asked before each message and `while` after each; `$context` is what the tasks of `foreach` have made of it.',
    why: 'It is how `until` of `listen` sees its events.',
    shownBy: 'asyncapi.subscribe',
  },
  {
    place: 'Output of publishing a message',
    question: 'Not said.',
    reading: 'null.',
    why: 'A broker answers nothing but that it has the message.',
    shownBy: 'asyncapi.publish',
  },
  {
    place: '`arguments` of a script or shell command',
    question: 'DSL 1.0.0 to 1.0.2 have a map and do not say what becomes of it; 1.0.3 has a list.',
    reading:
      'Both are taken, whatever `dsl` says. By name they are variables of a script, and `name=value` (or `name`, without a value) for a shell.',
    why: 'The example of those versions reads them as variables, and definitions of them are to run.',
    shownBy: 'run.script.js',
  },
]
