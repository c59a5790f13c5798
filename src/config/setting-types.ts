/** How one kind of value is read from text or from YAML, and shown in help. */
export interface SettingType<T> {
  /** What help puts for the value: `<number>`. A switch has none. */
  readonly placeholder: string
  /** Throws a `RangeError` with a sentence that says what it must be. */
  parse(value: unknown): T
  show(value: T): string
}

export const text: SettingType<string> = {
  placeholder: '<text>',
  parse: (value) => {
    if (typeof value === 'string' && value.trim() !== '') return value.trim()
    throw new RangeError('It must be a text that is not empty.')
  },
  show: (value) => value,
}

/** A path; whoever reads the settings makes it absolute, from where it was written. */
export const path: SettingType<string> = { ...text, placeholder: '<path>' }

export const url: SettingType<string> = {
  placeholder: '<url>',
  parse: (value) => {
    const address = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
    if (!address || !/^https?:$/.test(address.protocol) || address.username || address.password) {
      throw new RangeError('It must be an http or https address without credentials.')
    }
    return address.href.replace(/\/$/, '')
  },
  show: (value) => value,
}

export const mailServer: SettingType<string> = {
  placeholder: '<url>',
  parse: (value) => {
    const address = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
    if (!address || !/^smtps?:$/.test(address.protocol) || address.hostname === '' || address.password) {
      throw new RangeError(
        'It must be smtp://host:port or smtps://host, with a user before the host if need be.',
      )
    }
    return address.href
  },
  show: (value) => value,
}

/** A database of a PostgreSQL server; what the address says is read where it is opened. */
export const databaseUrl: SettingType<string> = {
  placeholder: '<url>',
  parse: (value) => {
    if (typeof value === 'string' && /^postgres(ql)?:\/\//.test(value) && URL.canParse(value)) return value
    throw new RangeError('It must be postgres://user:password@host:port/database.')
  },
  show: () => '(set)',
}

/** A bucket, and what is in front of all keys in it. */
export const bucket: SettingType<string> = {
  placeholder: '<url>',
  parse: (value) => {
    const form = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[A-Za-z0-9._-]+)*\/?$/
    if (typeof value === 'string' && form.test(value) && !value.includes('/..'))
      return value.replace(/\/$/, '')
    throw new RangeError('It must be s3://bucket or s3://bucket/prefix.')
  },
  show: String,
}

export const flag: SettingType<boolean> = {
  placeholder: '',
  parse: (value) => {
    if (value === true || value === 'true' || value === '1') return true
    if (value === false || value === 'false' || value === '0') return false
    throw new RangeError('It must be true or false.')
  },
  show: String,
}

export function integer(least: number, most: number): SettingType<number> {
  return {
    placeholder: '<number>',
    parse: (value) => {
      const number = typeof value === 'string' && /^\d{1,15}$/.test(value.trim()) ? Number(value) : value
      if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most) {
        return number
      }
      throw new RangeError(`It must be a whole number from ${least} to ${most}.`)
    },
    show: String,
  }
}

export function choice<const C extends string>(...choices: readonly C[]): SettingType<C> {
  return {
    placeholder: `<${choices.join('|')}>`,
    parse: (value) => {
      const found = choices.find((each) => each === value)
      if (found !== undefined) return found
      throw new RangeError(`It must be ${choices.join(', ').replace(/, ([^,]+)$/, ' or $1')}.`)
    },
    show: (value) => value,
  }
}

export const list: SettingType<readonly string[]> = {
  placeholder: '<list>',
  parse: (value) => {
    const items: unknown = typeof value === 'string' ? value.split(',') : value
    if (Array.isArray(items) && items.every((item) => typeof item === 'string')) {
      return items.map((item) => item.trim()).filter((item) => item !== '')
    }
    throw new RangeError('It must be a list of texts, with commas between them.')
  },
  show: (value) => value.join(','),
}

const milliseconds = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const bytes = { B: 1, kB: 1000, MB: 1_000_000, GB: 1_000_000_000 } as const

/** A time in milliseconds. */
export const duration = quantity(
  '<time>',
  milliseconds,
  'It must be a time such as 500ms, 30s, 5m, 1h or 7d.',
)

/** A size in bytes, in decimal units. */
export const size = quantity('<size>', bytes, 'It must be a size such as 200kB, 10MB or 1GB.')

function quantity(
  placeholder: string,
  units: { readonly [unit: string]: number },
  sentence: string,
): SettingType<number> {
  return {
    placeholder,
    parse: (value) => {
      const parts = typeof value === 'string' ? /^(\d{1,12})\s*([a-zA-Z]+)$/.exec(value.trim()) : null
      const unit = Object.entries(units).find(([name]) => name.toLowerCase() === parts?.[2]?.toLowerCase())
      const amount = Number(parts?.[1]) * (unit?.[1] ?? Number.NaN)
      if (Number.isSafeInteger(amount) && amount > 0) return amount
      throw new RangeError(sentence)
    },
    show: (value) => {
      const [unit, factor] = Object.entries(units).findLast(([, each]) => value % each === 0) ?? ['', 1]
      return `${value / factor}${unit}`
    },
  }
}
