import { fault, invalid, isObject, milliseconds, type Json, type JsonObject } from '../workflow/index.ts'
import { roles, type Role } from '../access/index.ts'
import { afterWorkingDays, beforeWorkingDays, isWorkingDay, type WorkingCalendar } from './calendar.ts'

/** What a pipeline asks, checked and complete: the `with` of `approve:1.0.0@default` once its expressions are values. */
export interface ApprovalRequest {
  readonly title: string
  /** Markdown. */
  readonly description: string
  readonly language: 'da' | 'en'
  readonly show: readonly Shown[]
  /** JSON Schema of the answer. */
  readonly form?: JsonObject
  readonly approvers: People
  readonly quorum: number
  readonly fourEyes: boolean
  readonly preparedBy: readonly string[]
  readonly deadline?: Span
  readonly calendar: WorkingCalendar
  readonly reminders: readonly Reminder[]
  readonly escalation: readonly { readonly to: People; readonly deadline: Span }[]
  readonly labels: JsonObject
}

/** Whoever is any of these. */
export interface People {
  readonly users: readonly string[]
  readonly groups: readonly string[]
  readonly roles: readonly Role[]
}

export type Span =
  | { readonly kind: 'after'; readonly milliseconds: number }
  | { readonly kind: 'workingDays'; readonly days: number }
  | { readonly kind: 'at'; readonly at: number }

export type Reminder =
  | { readonly kind: 'after' | 'before'; readonly milliseconds: number }
  | { readonly kind: 'workingDaysBefore'; readonly days: number }

export type Shown = { readonly title?: string } & (
  | { readonly kind: 'document'; readonly document: Json; readonly before?: Json }
  | {
      readonly kind: 'table'
      readonly rows: readonly Json[]
      readonly columns: readonly { readonly field: string; readonly title: string }[]
      readonly key?: string
      readonly before?: readonly Json[]
    }
  | { readonly kind: 'dataset'; readonly dataset: string; readonly before?: string; readonly key?: string }
)

const most = { title: 500, description: 50_000, show: 50, people: 1000, steps: 50 } as const

/** Checks it. Throws a `validation` fault where an expression gave what cannot be, `configuration` for the rest. */
export function readRequest(given: JsonObject): ApprovalRequest {
  const calendar = calendarOf(given.calendar)
  const deadline = given.deadline === undefined ? undefined : spanOf(given.deadline, 'deadline')
  const escalation = listOf(given.escalation, 'escalation', most.steps).map((step, index) => {
    const place = `escalation[${index}]`
    const { to, deadline: next } = objectOf(step, place)
    return { to: peopleOf(to ?? null, `${place}.to`), deadline: spanOf(next ?? null, `${place}.deadline`) }
  })
  const reminders = listOf(given.reminders, 'reminders', most.steps).map(reminderOf)
  if (escalation.length > 0 && !deadline) throw wrong('escalation', 'It needs a `deadline`.')
  if (!deadline && reminders.some(({ kind }) => kind !== 'after'))
    throw wrong('reminders', 'What is before needs a `deadline`.')
  const form = given.form === undefined ? undefined : objectOf(given.form, 'form')
  if (form) invalid(form, 'json', null, 'form')
  return {
    title: textOf(given.title, 'title', most.title),
    description:
      given.description === undefined ? '' : textOf(given.description, 'description', most.description, true),
    language: given.language === 'en' ? 'en' : 'da',
    show: listOf(given.show, 'show', most.show).map(shownOf),
    ...(form && { form }),
    approvers: given.approvers === undefined ? everyApprover : peopleOf(given.approvers, 'approvers'),
    quorum: wholeOf(given.quorum ?? 1, 'quorum', 50),
    fourEyes: given.fourEyes !== false,
    preparedBy: namesOf(given.preparedBy, 'preparedBy'),
    ...(deadline && { deadline }),
    calendar,
    reminders,
    escalation,
    labels: given.labels === undefined ? {} : objectOf(given.labels, 'labels'),
  }
}

const everyApprover: People = { users: [], groups: [], roles: ['approver'] }

/** When a span that begins at `from` ends: milliseconds since 1970. */
export function endOf(span: Span, from: number, calendar: WorkingCalendar): number {
  switch (span.kind) {
    case 'after':
      return from + span.milliseconds
    case 'workingDays':
      return afterWorkingDays(from, span.days, calendar)
    case 'at':
      return span.at
  }
}

/** When to remind of what was asked at `from`, in order; only times that are before the deadline. */
export function reminderTimes(
  { reminders, calendar }: ApprovalRequest,
  from: number,
  deadline: number | undefined,
): number[] {
  const times = reminders.map((reminder) => {
    switch (reminder.kind) {
      case 'after':
        return from + reminder.milliseconds
      case 'before':
        return (deadline ?? 0) - reminder.milliseconds
      case 'workingDaysBefore':
        return beforeWorkingDays(deadline ?? 0, reminder.days, calendar)
    }
  })
  return [...new Set(times)]
    .filter((at) => at > from && (deadline === undefined || at < deadline))
    .sort((one, other) => one - other)
}

/** `{ users, groups, roles }`, at least one of whom. */
export function peopleOf(value: Json, place: string): People {
  const { users, groups, roles: names, ...others } = objectOf(value, place)
  const [other] = Object.keys(others)
  if (other !== undefined) throw wrong(place, `It has '${other}': there is users, groups and roles.`)
  const people = {
    users: namesOf(users, `${place}.users`),
    groups: namesOf(groups, `${place}.groups`),
    roles: namesOf(names, `${place}.roles`).map((name) => {
      const role = roles.find((each) => each === name)
      if (!role) throw wrong(`${place}.roles`, `There is no role ${JSON.stringify(name)}.`)
      return role
    }),
  }
  if (people.users.length + people.groups.length + people.roles.length === 0)
    throw wrong(place, 'Nobody could ever decide: name users, groups or roles.')
  return people
}

function shownOf(value: Json, index: number): Shown {
  const place = `show[${index}]`
  const { title, document, table, dataset, before, key } = objectOf(value, place)
  const named = title === undefined ? {} : { title: textOf(title, `${place}.title`, most.title) }
  if (document !== undefined)
    return { ...named, kind: 'document', document, ...(before !== undefined && { before }) }
  if (dataset !== undefined)
    return {
      ...named,
      kind: 'dataset',
      dataset: textOf(dataset, `${place}.dataset`, 2000),
      ...(before !== undefined && before !== null && { before: textOf(before, `${place}.before`, 2000) }),
      ...(typeof key === 'string' && { key }),
    }
  return { ...named, ...tableOf(objectOf(table, `${place}.table`), `${place}.table`) }
}

function tableOf(
  { rows, columns, key, before }: JsonObject,
  place: string,
): Extract<Shown, { kind: 'table' }> {
  const list = listOf(rows, `${place}.rows`, 10_000)
  const fields = [...new Set(list.slice(0, 100).flatMap((row) => (isObject(row) ? Object.keys(row) : [])))]
  const declared =
    columns === undefined ? fields.slice(0, 20).map((field) => ({ field })) : listOf(columns, place, 100)
  return {
    kind: 'table',
    rows: list,
    columns: declared.map((column) => {
      const { field, title } = objectOf(column, `${place}.columns`)
      const name = textOf(field, `${place}.columns.field`, 200)
      return { field: name, title: title === undefined ? name : textOf(title, `${place}.columns.title`, 200) }
    }),
    ...(typeof key === 'string' && { key }),
    ...(before !== undefined && { before: listOf(before, `${place}.before`, 10_000) }),
  }
}

function spanOf(value: Json, place: string): Span {
  const { after, workingDays, at } = objectOf(value, place)
  if (workingDays !== undefined)
    return { kind: 'workingDays', days: wholeOf(workingDays, `${place}.workingDays`, 1000) }
  if (at !== undefined) {
    const time = typeof at === 'string' ? Date.parse(at) : Number.NaN
    if (Number.isNaN(time)) throw wrong(`${place}.at`, 'It is no time of ISO 8601.')
    return { kind: 'at', at: time }
  }
  return { kind: 'after', milliseconds: durationOf(after, `${place}.after`) }
}

function reminderOf(value: Json, index: number): Reminder {
  const place = `reminders[${index}]`
  const { after, before, workingDaysBefore } = objectOf(value, place)
  if (workingDaysBefore !== undefined)
    return { kind: 'workingDaysBefore', days: wholeOf(workingDaysBefore, `${place}.workingDaysBefore`, 1000) }
  if (before !== undefined) return { kind: 'before', milliseconds: durationOf(before, `${place}.before`) }
  return { kind: 'after', milliseconds: durationOf(after, `${place}.after`) }
}

function calendarOf(value: Json | undefined): WorkingCalendar {
  const { timezone, alsoClosed, closedDates } = value === undefined ? {} : objectOf(value, 'calendar')
  const calendar = {
    timezone: typeof timezone === 'string' ? timezone : 'Europe/Copenhagen',
    alsoClosed: namesOf(alsoClosed, 'calendar.alsoClosed') as WorkingCalendar['alsoClosed'],
    closedDates: namesOf(closedDates, 'calendar.closedDates'),
  }
  for (const date of calendar.closedDates)
    if (!/^\d{4}-\d{2}-\d{2}$/.test(date))
      throw wrong('calendar.closedDates', `${JSON.stringify(date)} is no date.`)
  // Throws where there is no such time zone.
  afterWorkingDays(0, 0, calendar)
  isWorkingDay(0, calendar)
  return calendar
}

function namesOf(value: Json | undefined, place: string): string[] {
  return listOf(value, place, most.people).map((name) => textOf(name, place, 500))
}

function listOf(value: Json | undefined, place: string, longest: number): readonly Json[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw wrong(place, 'It is no list.')
  if (value.length > longest)
    throw wrong(place, `It has ${value.length} items; at most ${longest} are taken.`)
  return value
}

function objectOf(value: Json | undefined, place: string): JsonObject {
  if (isObject(value)) return value
  throw wrong(place, 'It is no object.')
}

function textOf(value: Json | undefined, place: string, longest: number, mayBeEmpty = false): string {
  if (typeof value !== 'string' || (value.trim() === '' && !mayBeEmpty)) throw wrong(place, 'It is no text.')
  if (value.length > longest) throw wrong(place, `It is longer than ${longest} characters.`)
  return value
}

function wholeOf(value: Json, place: string, highest: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= highest) return value
  throw wrong(place, `It is no whole number from 1 to ${highest}.`)
}

function durationOf(value: Json | undefined, place: string): number {
  const length = value === undefined ? undefined : milliseconds(value)
  if (length === undefined || length === 0)
    throw wrong(place, 'It is no duration, such as PT4H or { days: 2 }.')
  return length
}

function wrong(place: string, what: string) {
  return fault('validation', `approve: ${place}: ${what}`)
}
