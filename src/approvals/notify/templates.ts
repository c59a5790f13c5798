import type { NoticeContent } from '../notices.ts'

export interface Message {
  readonly subject: string
  readonly text: string
}

/**
 * What is written to people, in their language. Without `showTitle` the title stays out: it may name somebody, and
 * mail is no place for that. The link leads to a page where one signs in; nothing is decided by following it.
 */
export function messageOf(content: NoticeContent, link: string, showTitle: boolean): Message {
  const words = languages[content.language]
  const what = oneLine(showTitle ? content.title : words.something(content.pipeline))
  return {
    subject: words.subject[content.kind](what).slice(0, 200),
    text: [
      words.greeting(content.name === undefined ? undefined : oneLine(content.name)),
      '',
      words.lead[content.kind](what),
      ...(content.deadline === undefined || content.kind === 'decided'
        ? []
        : [words.until(dateText(content.deadline, content.language, content.timezone))]),
      '',
      words.open,
      link,
      '',
      words.footer,
    ].join('\n'),
  }
}

/** What comes from data makes no line of its own. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

type Kind = NoticeContent['kind']

interface Words {
  readonly something: (pipeline: string) => string
  readonly subject: { readonly [kind in Kind]: (what: string) => string }
  readonly greeting: (name: string | undefined) => string
  readonly lead: { readonly [kind in Kind]: (what: string) => string }
  readonly until: (when: string) => string
  readonly open: string
  readonly footer: string
}

const languages: { readonly [language in NoticeContent['language']]: Words } = {
  da: {
    something: (pipeline) => `en godkendelse (${pipeline})`,
    subject: {
      asked: (what) => `Til godkendelse: ${what}`,
      reminder: (what) => `Påmindelse om godkendelse: ${what}`,
      escalated: (what) => `Fristen er overskredet – til godkendelse: ${what}`,
      decided: (what) => `Afgjort: ${what}`,
    },
    greeting: (name) => (name === undefined ? 'Hej' : `Hej ${name}`),
    lead: {
      asked: (what) => `Du bliver bedt om at tage stilling til: ${what}`,
      reminder: (what) => `Der mangler stadig en afgørelse af: ${what}`,
      escalated: (what) =>
        `Fristen er udløbet uden en afgørelse. Du bliver nu bedt om at tage stilling til: ${what}`,
      decided: (what) => `Der er truffet en afgørelse om: ${what}`,
    },
    until: (when) => `Frist: ${when}. Er der ikke svaret inden da, bliver det ikke godkendt.`,
    open: 'Log ind og se sagen her:',
    footer: 'Intet bliver godkendt ved at åbne linket. Denne mail kan ikke besvares.',
  },
  en: {
    something: (pipeline) => `an approval (${pipeline})`,
    subject: {
      asked: (what) => `For your approval: ${what}`,
      reminder: (what) => `Reminder, for your approval: ${what}`,
      escalated: (what) => `Deadline passed, for your approval: ${what}`,
      decided: (what) => `Decided: ${what}`,
    },
    greeting: (name) => (name === undefined ? 'Hello' : `Hello ${name}`),
    lead: {
      asked: (what) => `You are asked to decide on: ${what}`,
      reminder: (what) => `This still waits for a decision: ${what}`,
      escalated: (what) =>
        `The deadline has passed without a decision. You are now asked to decide on: ${what}`,
      decided: (what) => `This has been decided: ${what}`,
    },
    until: (when) => `Deadline: ${when}. What is not answered by then is not approved.`,
    open: 'Sign in and see it here:',
    footer: 'Opening the link approves nothing. This mail cannot be answered.',
  },
}

function dateText(iso: string, language: 'da' | 'en', timezone: string): string {
  // A deadline at midnight is the end of the day before, as people say it.
  return new Intl.DateTimeFormat(language === 'da' ? 'da-DK' : 'en-GB', {
    timeZone: timezone,
    dateStyle: 'long',
    timeStyle: 'short',
  }).format(Date.parse(iso) - 1)
}
