import { fault } from '../../workflow/index.ts'

export interface ConnectionParts {
  host?: string
  port?: string
  database?: string
  user?: string
  password?: string
  sslMode?: string
}

/** Both forms that PostgreSQL knows: `postgres://user:password@host:port/database?sslmode=…` and `host=… user=…`. */
export function parseConnectionString(text: string): ConnectionParts {
  if (/^postgres(ql)?:\/\//.test(text)) return ofUrl(text)
  const parts: ConnectionParts = {}
  const pattern = /\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|([^\s']*))\s*/gy
  let at = 0
  while (at < text.length) {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    // The text is a secret: it is not repeated.
    if (!found)
      throw fault('configuration', 'The connectionString is not valid: write `host=… user=… password=…`.')
    const key = keys[found[1] as string]
    if (key) parts[key] = (found[2] ?? found[3] ?? '').replace(/\\(.)/g, '$1')
    at = pattern.lastIndex
  }
  return parts
}

const keys: { readonly [name: string]: keyof ConnectionParts } = {
  host: 'host',
  hostaddr: 'host',
  port: 'port',
  dbname: 'database',
  database: 'database',
  user: 'user',
  password: 'password',
  sslmode: 'sslMode',
}

function ofUrl(text: string): ConnectionParts {
  if (!URL.canParse(text)) throw fault('configuration', 'The connectionString is not a valid address.')
  const url = new URL(text)
  const mode = url.searchParams.get('sslmode')
  return {
    ...(url.hostname !== '' && { host: url.hostname.replace(/^\[|\]$/g, '') }),
    ...(url.port !== '' && { port: url.port }),
    ...(url.pathname.length > 1 && { database: decodeURIComponent(url.pathname.slice(1)) }),
    ...(url.username !== '' && { user: decodeURIComponent(url.username) }),
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    ...(mode !== null && { sslMode: mode }),
  }
}
