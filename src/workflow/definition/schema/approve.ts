import { Type, type TSchema } from 'typebox'
import { duration } from './duration.ts'
import {
  anyData,
  closed,
  dataMap,
  either,
  enclosed,
  exactlyOne,
  freeMap,
  literal,
  oneWord,
  text,
} from './vocabulary.ts'

const orYielded = <T extends TSchema>(title: string, description: string, schema: T) =>
  Type.Optional(either(title, description, [schema, enclosed('Yields it.')]))

const names = (title: string, description: string) =>
  orYielded(title, description, Type.Array(text('A name.'), { description }))

const people = (title: string, description: string) =>
  closed(title, description, {
    users: names('Users', 'Users by their subject or their confirmed e-mail address.'),
    groups: names('Groups', 'Groups as sign-in gives them.'),
    roles: names('Roles', 'Roles that one must have in the namespace of the pipeline.'),
  })

const workingDays = either('Working days', 'A number of working days.', [
  Type.Integer({ description: 'Working days by the calendar.', minimum: 1, maximum: 1000 }),
  enclosed('Yields it.'),
])

const span = (title: string, description: string) =>
  exactlyOne(title, description, {
    after: duration,
    workingDays,
    at: text('A time, ISO 8601.'),
  })

const shown = exactlyOne(
  'Thing to show',
  'What the person who decides is to see: exactly one of a document, a table and a dataset.',
  {
    document: anyData('Any data, shown as names and values.'),
    table: closed('Table', 'Rows to show.', {
      rows: orYielded('Rows', 'A list of objects.', Type.Array(anyData('A row.'))),
      columns: Type.Optional(
        Type.Array(
          closed('Column', 'A column.', {
            field: literal('The member of a row.'),
            title: Type.Optional(text('Its heading.')),
          }),
          { description: 'Which members, in which order. Default: those of the first rows.' },
        ),
      ),
      key: Type.Optional(literal('The member that identifies a row, for the difference from `before`.')),
      before: orYielded('Rows before', 'What was delivered last.', Type.Array(anyData('A row.'))),
    }),
    dataset: text('The URI of a dataset, as `transfer` gives it.'),
  },
  {
    title: Type.Optional(text('Its heading.')),
    before: Type.Optional(
      anyData(
        'With a document: as it was before. With a dataset: the URI of the one to compare with; default: what this pipeline delivered last.',
      ),
    ),
    key: Type.Optional(literal('With a dataset: the member that identifies a record.')),
  },
)

const reminder = exactlyOne('Reminder', 'When those who may decide are reminded.', {
  after: duration,
  before: duration,
  workingDaysBefore: workingDays,
})

/** The arguments of `approve:1.0.0@default`. */
export const approveArguments = closed('Approval', 'What people are asked, and who may answer.', {
  title: text('What is asked, in one line.', { minLength: 1 }),
  description: Type.Optional(text('What one should know to decide, as Markdown (a safe part of it).')),
  language: Type.Optional(oneWord('In which language people are written to.', ['da', 'en'], 'da')),
  show: orYielded('Things to show', 'What to see before one decides.', Type.Array(shown)),
  form: Type.Optional(freeMap('JSON Schema of what is filled in with the decision.')),
  approvers: Type.Optional(people('Approvers', 'Who may decide. Default: everyone with the role approver.')),
  quorum: orYielded(
    'Quorum',
    'How many different people must approve. One rejection rejects.',
    Type.Integer({ minimum: 1, maximum: 50, description: 'A number of people.' }),
  ),
  fourEyes: Type.Optional(
    Type.Boolean({
      description: 'Whether those who started the run or prepared the data are kept from deciding.',
      default: true,
    }),
  ),
  preparedBy: names('Prepared by', 'People who prepared the data, as users are named.'),
  deadline: Type.Optional(
    span('Deadline', 'Until when to decide. What is not decided then is escalated, or rejected.'),
  ),
  calendar: Type.Optional(
    closed('Calendar', 'Which days are working days: Monday to Friday but for Danish public holidays.', {
      timezone: Type.Optional(literal('IANA time zone.', { default: 'Europe/Copenhagen' })),
      alsoClosed: Type.Optional(
        Type.Array(
          oneWord('Days that many offices are closed.', [
            'constitution-day',
            'christmas-eve',
            'new-years-eve',
          ]),
          { description: 'Further days off.' },
        ),
      ),
      closedDates: Type.Optional(
        Type.Array(literal('A date, 2026-07-20.'), {
          description: 'Further dates that are no working days.',
        }),
      ),
    }),
  ),
  reminders: Type.Optional(Type.Array(reminder, { description: 'Reminders before a deadline.' })),
  escalation: Type.Optional(
    Type.Array(
      closed('Escalation', 'Whom to ask, too, when a deadline has passed, and until when.', {
        to: people('Escalation to', 'Who may decide from then on, beside those before.'),
        deadline: span('Next deadline', 'Counted from the escalation.'),
      }),
      { description: 'Steps, one for each deadline that passes. After the last the answer is no.' },
    ),
  ),
  otherwise: Type.Optional(
    oneWord(
      'What a decision other than yes does: `fault` the task, so that nothing after it happens, or `continue` with the decision as its output.',
      ['fault', 'continue'],
      'fault',
    ),
  ),
  labels: Type.Optional(
    dataMap('Names and values by which approvals are found again, such as a case number.'),
  ),
})
