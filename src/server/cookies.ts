import type { IncomingHttpHeaders } from 'node:http'

/** A cookie that scripts cannot read and other sites cannot send along with what changes something. */
export interface Cookies {
  read(headers: IncomingHttpHeaders): string | undefined
  set(value: string, maxAgeSeconds: number): string
  clear(): string
}

/**
 * With https the name says to the browser that the cookie is for this host alone, and never sent in clear
 * (RFC 6265bis, "Cookie Name Prefixes").
 */
export function cookieOf(name: string, secure: boolean): Cookies {
  const full = secure ? `__Host-${name}` : name
  const attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
  return {
    read: ({ cookie = '' }) => {
      for (const part of cookie.split(';')) {
        const at = part.indexOf('=')
        if (at > 0 && part.slice(0, at).trim() === full) return part.slice(at + 1).trim()
      }
      return undefined
    },
    set: (value, maxAgeSeconds) => `${full}=${value}; ${attributes}; Max-Age=${maxAgeSeconds}`,
    clear: () => `${full}=; ${attributes}; Max-Age=0`,
  }
}
