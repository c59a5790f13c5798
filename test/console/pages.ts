import type { DemoRuns } from './demo.ts'

/** The address of every page of the console, by a name for it. */
export function pagesOf(runs: DemoRuns): { readonly [name: string]: string } {
  return {
    overview: '/',
    runs: '/runs',
    'runs-failed': '/runs?status=faulted',
    run: `/runs/${runs.completed}?task=${encodeURIComponent('/do/2/eachRoom[0]/do/0/reserve')}`,
    'run-failed': `/runs/${runs.failed}`,
    'run-waiting': `/runs/${runs.waiting}`,
    'run-graph': `/runs/${runs.completed}?tab=graph`,
    'run-data': `/runs/${runs.completed}?tab=data`,
    'run-events': `/runs/${runs.completed}?tab=events`,
    'run-children': `/runs/${runs.parent}?tab=children`,
    'run-source': `/runs/${runs.failed}?tab=source`,
    'run-none': '/runs/none',
    pipelines: '/pipelines',
    pipeline: '/pipelines/andeby/grant-application',
    'pipeline-start': '/pipelines/andeby/grant-application?tab=start',
    'pipeline-runs': '/pipelines/andeby/grant-application?tab=runs',
    'pipeline-source': '/pipelines/andeby/grant-application?tab=source',
    'pipeline-versions': '/pipelines/andeby/grant-application?tab=versions',
    approvals: '/approvals',
    approval: `/approvals/${runs.approval}`,
    'approvals-all': '/approvals?box=all',
    'stand-ins': '/approvals?box=stand-ins',
    transfers: '/transfers',
    'dead-letters': '/transfers?part=dead-letters',
    datasets: '/transfers?part=datasets',
    connections: '/connections',
    targets: '/targets',
    playground: `/playground?run=${runs.completed}`,
    audit: '/audit',
    access: '/access',
    'not-found': '/nothing',
  }
}
