import { useState } from 'react'
import { api, dataOf, type Body } from '../../api/client.ts'
import { ActionDialog } from '../../parts/action-dialog.tsx'
import { useTexts } from '../../texts/index.tsx'

const actions = ['cancel', 'rerun', 'suspend', 'resume'] as const
type Action = (typeof actions)[number]
type Result = Body<'bulkRuns'>['results'][number]

/** The API takes so many at a time. */
const mostAtOnce = 500

/** One action on all the runs that are chosen; what became of them is said. */
export function BulkActions({
  ids,
  onDone,
}: {
  readonly ids: readonly string[]
  readonly onDone: () => void
}) {
  const { t, many } = useTexts()
  const [asked, setAsked] = useState<Action>()
  const [results, setResults] = useState<readonly Result[]>()
  const act = async (action: Action) => {
    const found: Result[] = []
    for (let at = 0; at < ids.length; at += mostAtOnce) {
      const body = { action, ids: ids.slice(at, at + mostAtOnce) }
      found.push(...(await dataOf(api.POST('/api/v1/runs/bulk', { body }))).results)
    }
    return found
  }
  const refused = results?.filter(({ ok }) => !ok) ?? []
  return (
    <div className="actions">
      {results && (
        <p role="status">
          {many('bulk.done', results.length - refused.length)}
          {refused.length > 0 && ` ${many('bulk.refused', refused.length)}`}
        </p>
      )}
      {ids.length > 0 && (
        <>
          <strong>{many('bulk.chosen', ids.length)}</strong>
          {actions.map((action) => (
            <button
              key={action}
              type="button"
              className={`button small${action === 'cancel' ? ' danger' : ''}`}
              onClick={() => setAsked(action)}
            >
              {t(`action.${action}`)}
            </button>
          ))}
        </>
      )}
      {asked && (
        <ActionDialog
          title={t(`bulk.${asked}`, { count: ids.length })}
          confirm={t(`action.${asked}`)}
          danger={asked === 'cancel'}
          act={() => act(asked)}
          changes={['run']}
          onDone={(found) => {
            setResults(found)
            onDone()
          }}
          onClose={() => setAsked(undefined)}
        >
          <p>{t(`explain.${asked}`)}</p>
        </ActionDialog>
      )}
    </div>
  )
}
