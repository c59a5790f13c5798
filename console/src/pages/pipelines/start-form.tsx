import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { api, dataOf, type Schemas } from '../../api/client.ts'
import { initialOf, isFormSchema } from '../../form/schema.ts'
import { JsonField, SchemaForm } from '../../form/schema-form.tsx'
import { Failure } from '../../parts/problem.tsx'
import { useTexts } from '../../texts/index.tsx'

interface Props {
  readonly pipeline: Schemas['Pipeline']
  readonly definition: unknown
}

/** Starts a run: with a form where the pipeline says what its input is, else with JSON. Leads to the run. */
export function StartForm({ pipeline, definition }: Props) {
  const { t } = useTexts()
  const [, go] = useLocation()
  const schema = inputSchema(definition)
  const [asJson, setAsJson] = useState(schema === undefined)
  const [input, setInput] = useState<unknown>(() => (schema ? initialOf(schema) : {}))
  // The same for each try: pressed twice, it starts once.
  const [key] = useState(() => crypto.randomUUID())
  const start = useMutation({
    mutationFn: () =>
      dataOf(
        api.POST('/api/v1/pipelines/{namespace}/{name}/runs', {
          params: {
            path: { namespace: pipeline.namespace, name: pipeline.name },
            query: { version: pipeline.version },
            header: { 'idempotency-key': key },
          },
          body: input === undefined ? {} : { input },
        }),
      ),
    onSuccess: ({ id }) => go(`/runs/${encodeURIComponent(id)}`),
  })
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        start.mutate()
      }}
    >
      {schema?.description !== undefined && <p>{schema.description}</p>}
      {start.error && <Failure error={start.error} />}
      {asJson || !schema ? (
        <JsonField label={t('start.input')} schema={{}} value={input} onChange={setInput} />
      ) : (
        <SchemaForm schema={schema} value={input} onChange={setInput} />
      )}
      <div className="actions">
        <button type="submit" className="button primary" disabled={start.isPending}>
          {t('start.start')}
        </button>
        {schema && (
          <button type="button" className="button plain" onClick={() => setAsJson(!asJson)}>
            {t(asJson ? 'start.asForm' : 'start.asJson')}
          </button>
        )}
      </div>
    </form>
  )
}

function inputSchema(definition: unknown) {
  const { input } = (definition ?? {}) as { input?: { schema?: { document?: unknown } } }
  const document = input?.schema?.document
  return isFormSchema(document) ? document : undefined
}
