import { lazy, Suspense, type ComponentType } from 'react'
import { Route, Switch } from 'wouter'
import { ErrorBoundary } from './layout/error-boundary.tsx'
import { Layout } from './layout/layout.tsx'
import { Loading } from './parts/loading.tsx'
import { NotFound } from './pages/not-found.tsx'
import { Overview } from './pages/overview/overview.tsx'

/** Every page but the first is loaded when somebody goes there. */
const pages: readonly (readonly [path: string, page: ComponentType])[] = [
  ['/', Overview],
  ['/runs', lazy(async () => ({ default: (await import('./pages/runs/runs.tsx')).Runs }))],
  ['/runs/:id', lazy(async () => ({ default: (await import('./pages/run/run.tsx')).RunPage }))],
  [
    '/pipelines',
    lazy(async () => ({ default: (await import('./pages/pipelines/pipelines.tsx')).Pipelines })),
  ],
  [
    '/pipelines/:namespace/:name',
    lazy(async () => ({ default: (await import('./pages/pipelines/pipeline.tsx')).PipelinePage })),
  ],
  [
    '/approvals',
    lazy(async () => ({ default: (await import('./pages/approvals/approvals.tsx')).Approvals })),
  ],
  [
    '/approvals/:id',
    lazy(async () => ({ default: (await import('./pages/approvals/approval.tsx')).ApprovalPage })),
  ],
  [
    '/transfers',
    lazy(async () => ({ default: (await import('./pages/transfers/transfers.tsx')).Transfers })),
  ],
  [
    '/transfers/:id',
    lazy(async () => ({ default: (await import('./pages/transfers/transfer.tsx')).TransferPage })),
  ],
  [
    '/connections',
    lazy(async () => ({ default: (await import('./pages/connections/connections.tsx')).Connections })),
  ],
  ['/targets', lazy(async () => ({ default: (await import('./pages/targets/targets.tsx')).Targets }))],
  [
    '/playground',
    lazy(async () => ({ default: (await import('./pages/playground/playground.tsx')).Playground })),
  ],
  ['/audit', lazy(async () => ({ default: (await import('./pages/audit/audit.tsx')).Audit }))],
  ['/access', lazy(async () => ({ default: (await import('./pages/access/access.tsx')).Access }))],
]

export function App() {
  return (
    <Layout>
      <ErrorBoundary>
        <Suspense fallback={<Loading />}>
          <Switch>
            {pages.map(([path, Page]) => (
              <Route key={path} path={path}>
                <Page />
              </Route>
            ))}
            <Route>
              <NotFound />
            </Route>
          </Switch>
        </Suspense>
      </ErrorBoundary>
    </Layout>
  )
}
