import { useQuery } from '@tanstack/react-query'
import { api, ApiFailure, dataOf, type Body } from './client.ts'

/** Who is signed in, and what they may do. The server decides each request by itself; this only says what to show. */
export interface Me {
  /** `open`: nobody has to sign in, whoever is at this machine may do everything. */
  readonly state: 'unknown' | 'open' | 'signedIn' | 'signedOut'
  readonly name: string | undefined
  readonly subject: string | undefined
  /** Whether there is a way to sign in from a browser. */
  readonly known: Body<'me'> | undefined
  /** In some namespace, or in the one that is given. */
  can(permission: string | undefined, namespace?: string): boolean
}

export function useMe(): Me {
  const { data, error } = useQuery({
    queryKey: ['me'],
    queryFn: () => dataOf(api.GET('/api/v1/me')),
    staleTime: 60_000,
  })
  const nobody = { name: undefined, subject: undefined, known: undefined }
  if (!data) {
    const signedOut = error instanceof ApiFailure && error.status === 401
    return { ...nobody, state: signedOut ? 'signedOut' : 'unknown', can: () => false }
  }
  return {
    state: data.kind === 'local' ? 'open' : 'signedIn',
    name: data.kind === 'local' ? undefined : data.name,
    subject: data.subject,
    known: data,
    can: (permission, namespace) => {
      if (permission === undefined) return true
      const held = data.permissions[permission]
      if (held === undefined) return false
      return held === '*' || (namespace === undefined ? held.length > 0 : held.includes(namespace))
    },
  }
}

/** Ends the session; goes on to where the provider ends its own, too, where there is such a place. */
export async function signOut(): Promise<void> {
  const { url } = await dataOf(api.POST('/auth/sign-out'))
  window.location.assign(url ?? '/')
}

export function signInAddress(): string {
  return `/auth/sign-in?return=${encodeURIComponent(window.location.pathname + window.location.search)}`
}
