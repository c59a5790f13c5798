import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react'
import { da } from './da.ts'
import { en } from './en.ts'
import { formatsOf, type Formats } from './formats.ts'

export type Language = 'da' | 'en'
export type TextKey = keyof typeof da
/** Keys that stand for two texts, `.one` and `.other`. */
export type CountKey = TextKey extends infer Key ? (Key extends `${infer Base}.one` ? Base : never) : never

interface Texts extends Formats {
  readonly language: Language
  setLanguage(language: Language): void
  /** A text, with `{name}` in it filled. */
  t(key: TextKey, values?: { readonly [name: string]: string | number }): string
  /** A text for so many, with `{count}` in it. */
  many(key: CountKey, count: number): string
  /** The text of a key that is put together, or `undefined` where there is none. */
  maybe(key: string): string | undefined
}

const tables = { da, en } satisfies Record<Language, Record<TextKey, string>>
const storageKey = 'sluse.language'
const Context = createContext<Texts | undefined>(undefined)

export function TextsProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(firstLanguage)
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  const texts = useMemo<Texts>(() => {
    const formats = formatsOf(language)
    const maybe = (key: string) => (tables[language] as { [key: string]: string | undefined })[key]
    const t: Texts['t'] = (key, values = {}) =>
      (maybe(key) ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => {
        const value = values[name]
        return value === undefined ? whole : typeof value === 'number' ? formats.number(value) : value
      })
    return {
      ...formats,
      language,
      maybe,
      setLanguage: (next) => {
        localStorage.setItem(storageKey, next)
        setLanguage(next)
      },
      t,
      many: (key, count) => t(`${key}.${formats.plural(count)}`, { count }),
    }
  }, [language])
  return <Context value={texts}>{children}</Context>
}

export function useTexts(): Texts {
  const texts = use(Context)
  if (!texts) throw new Error('useTexts needs a TextsProvider around it.')
  return texts
}

/** What was chosen here before; else what the browser prefers, Danish where it knows neither. */
function firstLanguage(): Language {
  const chosen = localStorage.getItem(storageKey)
  if (chosen === 'da' || chosen === 'en') return chosen
  const preferred = navigator.languages
    .map((each) => each.slice(0, 2))
    .find((each) => each === 'da' || each === 'en')
  return preferred === 'en' ? 'en' : 'da'
}
