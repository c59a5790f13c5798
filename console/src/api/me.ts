import { useQuery } from '@tanstack/react-query'
import { forgetDrafts } from './drafts.ts'
import { api, ApiFailure, dataOf, type Body } from './client.ts'

/** Who is signed in, and what they may do. The server decides each request by itself; this only says what to show. */
export interface Me {
  /** `open`: nobody has to sign in, whoever is at this machine may do everything. */
  readonly state: 'unknown' | 'open' | 'signedIn' | 'signedOut'
  /** Signed out although they were signed in: the session has ended while the page was open. */
  readonly ended: boolean
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
  const signedOut = isSignedOut(error)
  if (signedOut || !data) {
    const state = signedOut ? 'signedOut' : 'unknown'
    return { ...nobody, state, ended: signedOut && data !== undefined, can: () => false }
  }
  return {
    ended: false,
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

export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiFailure && error.status === 401
}

/** Ends the session; goes on to where the provider ends its own, too, where there is such a place. */
export async function signOut(): Promise<void> {
  const { url } = await dataOf(api.POST('/auth/sign-out'))
  forgetDrafts()
  window.location.assign(url ?? '/')
}

/** To the provider, and back to `path`: without it, to this page. */
export function signInAddress(path = window.location.pathname + window.location.search): string {
  return `/auth/sign-in?return=${encodeURIComponent(path)}`
}
