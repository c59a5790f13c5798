import { Type, type Static, type TProperties, type TSchema, type TUnsafe } from 'typebox'
import { schemaDefinition } from './data.ts'
import { duration } from './duration.ts'
import { closed, either, enclosed, exactlyOne, literal, oneWord, text } from './vocabulary.ts'

/** A map with keys that mean the same everywhere, and further ones that are the connection's own options. */
function withOptions<P extends TProperties>(title: string, description: string, properties: P) {
  const object = Type.Object(properties, { title, description })
  return Type.Unsafe<Static<typeof object> & { [option: string]: unknown }>({
    ...object,
    additionalProperties: { description: "An option of the connection's type.", 'x-role': 'option' },
  })
}

const orYielded = <T extends TSchema>(title: string, description: string, schema: T) =>
  Type.Optional(either(title, description, [schema, enclosed('Yields it.')]))

const count = (description: string, options: object) => Type.Integer({ description, ...options })

const jq = (description: string) =>
  literal(`${description} jq, without \`\${ }\`; \`.\` is the record.`, { minLength: 1 })

const step: TUnsafe<TransferStepDefinition> = exactlyOne(
  'Step',
  'What is done with each record on its way: exactly one of these.',
  {
    map: jq('Gives the record anew: once, several times, or not at all.'),
    filter: jq('Keeps the records for which it gives anything but `false` and `null`.'),
    validate: schemaDefinition,
    deduplicate: jq('Keeps the first record of each key that it gives.'),
    call: literal('Gives each record to a function of the catalog: `name:version@default`.', {
      pattern: '^[^:@/\\s]+:[^:@/\\s]+(@[^:@/\\s]+)?$',
      'x-form': 'a function as `name:version@catalog`',
    }),
  },
)

export interface TransferStepDefinition {
  map?: string
  filter?: string
  validate?: Static<typeof schemaDefinition>
  deduplicate?: string
  call?: string
}

const steps = (title: string, description: string) => Type.Optional(Type.Array(step, { title, description }))

const target = withOptions('Target', 'Where records go, and how.', {
  connection: text('The connection, by name.', { minLength: 1 }),
  name: Type.Optional(
    literal('What the target is called, where two are of one connection. Default: the connection.'),
  ),
  mode: Type.Optional(
    oneWord(
      'How: `append` adds, `upsert` writes by key, `replace` puts the records in the place of what was there, at once and only after a complete read.',
      ['append', 'upsert', 'replace'],
      'append',
    ),
  ),
  key: Type.Optional(
    Type.Array(literal('The name of a member.'), {
      description: 'With `upsert`: the members of a record that together are its key.',
      minItems: 1,
    }),
  ),
  through: steps('Steps for this target', 'What is done with each record for this target alone.'),
})

const source = withOptions('Source', 'Where records come from: a connection, or a dataset.', {
  connection: Type.Optional(text('The connection, by name.', { minLength: 1 })),
  dataset: Type.Optional(text('The URI of a dataset: of an earlier transfer, or of what was received.')),
})

const paths = (description: string) =>
  Type.Optional(
    Type.Array(
      literal('A place in the record, as jq writes it: `.cpr`, `.children[].cpr`.', {
        pattern: '^(\\.[A-Za-z_][A-Za-z0-9_]*|\\[\\]|\\.?\\["[^"]+"\\])+$',
        'x-form': 'a place such as .cpr or .children[].cpr',
      }),
      { description },
    ),
  )

/** The arguments of `transfer:1.0.0@default`. */
export const transferArguments = closed(
  'Transfer',
  'Reads once, and delivers to each target at its own pace.',
  {
    from: source,
    through: steps('Steps', 'What is done with each record before it is staged, in this order.'),
    to: Type.Array(target, { description: 'The targets, one or many.', minItems: 1 }),
    concurrency: orYielded(
      'Concurrency',
      'How many batches may be in the steps, and with `order: any` how many records may be under way to a target, at the same time, over all workers. While one worker does all steps, twice as many batches are begun, so that it never waits for the source. Default: 1.',
      count('A number.', { minimum: 1, maximum: 64 }),
    ),
    order: Type.Optional(
      oneWord(
        'Whether each target is given the records one after the other in the order of the source, or in any: then several workers may deliver to one target at the same time, and of records with the same key any may be the last.',
        ['kept', 'any'],
        'kept',
      ),
    ),
    batchSize: orYielded(
      'Batch size',
      'Most records of a batch. Default: 1000.',
      count('A number.', { minimum: 1, maximum: 100_000 }),
    ),
    onBadRecord: Type.Optional(
      oneWord(
        'What becomes of a record that cannot be read, that a step fails on, or that a target refuses: a dead letter, which can be corrected and replayed; the whole transfer fails; or it is left out and counted.',
        ['deadLetter', 'fail', 'skip'],
        'deadLetter',
      ),
    ),
    mostBadRecords: orYielded(
      'Most bad records',
      'With more than so many the transfer fails: something else is wrong then. Default: 10,000.',
      count('A number.', { minimum: 0, maximum: 1_000_000 }),
    ),
    expect: Type.Optional(
      closed(
        'Expectation',
        'A guard against a source that is suspiciously empty or small. Where it does not hold, nothing is delivered. Nothing is delivered before the source is read to its end.',
        {
          atLeast: orYielded(
            'At least',
            'Fewest records after the steps. Default: 1 where a target is replaced, else 0.',
            count('A number.', { minimum: 0 }),
          ),
          changeAtMost: orYielded(
            'Change at most',
            'By how many per cent the number may differ from that of the last transfer by the same task.',
            Type.Number({ description: 'Per cent.', minimum: 0 }),
          ),
        },
      ),
    ),
    personalData: Type.Optional(
      closed(
        'Personal data',
        'Places of a record that are nobody else’s business, before or after the steps: shown to nobody, in no preview and no dead letter.',
        {
          encrypt: paths('What is delivered: encrypted where it is kept, decrypted only when it is sent.'),
          mask: paths('What is not delivered: taken out before anything is kept.'),
        },
      ),
    ),
    giveUpAfter: Type.Optional(
      either(
        'Give up after',
        'How long a source or a target may be out of reach before the transfer fails. Default: one day.',
        [duration],
      ),
    ),
    keep: Type.Optional(
      either('Keep', 'How long the dataset and its dead letters are kept. Default: 30 days.', [duration]),
    ),
  },
)

export type TransferArguments = Static<typeof transferArguments>
