import '@fontsource-variable/ibm-plex-sans/wght.css'
import './style/tokens.css'
import './style/base.css'
import './style/layout.css'
import './style/parts.css'
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiFailure } from './api/client.ts'
import { isSignedOut } from './api/me.ts'
import { App } from './app.tsx'
import { TextsProvider } from './texts/index.tsx'

/** Where the session has ended, every answer says so; then the page asks who is signed in, and leads to sign-in. */
const onError = (error: unknown, { queryKey }: { readonly queryKey?: readonly unknown[] } = {}) => {
  if (isSignedOut(error) && queryKey?.[0] !== 'me') void client.invalidateQueries({ queryKey: ['me'] })
}

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError: (error) => onError(error) }),
  defaultOptions: {
    queries: {
      staleTime: 5000,
      refetchOnWindowFocus: true,
      // What the server refused, it refuses again; what did not reach it may do so the next time.
      retry: (count, error) => count < 2 && (!(error instanceof ApiFailure) || error.status === 0),
    },
  },
})

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <TextsProvider>
        <QueryClientProvider client={client}>
          <App />
        </QueryClientProvider>
      </TextsProvider>
    </StrictMode>,
  )
}
