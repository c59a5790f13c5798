import { useState } from 'react'
import { useSearchParams } from 'wouter'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Field } from '../../parts/field.tsx'
import { PageTitle } from '../../parts/page-title.tsx'
import { useTexts } from '../../texts/index.tsx'
import './playground.css'
import { RunData } from './run-data.tsx'
import { useEvaluation } from './use-evaluation.ts'

const example = JSON.stringify(
  { forening: 'Andeby Boldklub', beloeb: '12.500,50', lokaler: ['Hal 1', 'Hal 2'] },
  undefined,
  2,
)

/** A filter on data, with the result as one types. All of it happens in this browser: nothing is sent or kept. */
export function Playground() {
  const { t } = useTexts()
  const [parameters] = useSearchParams()
  const [filter, setFilter] = useState('.')
  const [input, setInput] = useState(example)
  return (
    <>
      <PageTitle title={t('playground.title')} lead={t('playground.lead')} />
      <RunData run={parameters.get('run') ?? ''} onData={setInput} />
      <Field label={t('playground.filter')} hint={t('playground.filterHint')}>
        {(attributes) => (
          <textarea
            {...attributes}
            className="code"
            rows={3}
            spellCheck={false}
            autoCapitalize="off"
            value={filter}
            onChange={({ target }) => setFilter(target.value)}
          />
        )}
      </Field>
      <div className="playground">
        <Field label={t('playground.input')}>
          {(attributes) => (
            <textarea
              {...attributes}
              className="code"
              rows={18}
              spellCheck={false}
              value={input}
              onChange={({ target }) => setInput(target.value)}
            />
          )}
        </Field>
        <Result filter={filter} input={input} />
      </div>
    </>
  )
}

function Result({ filter, input }: { readonly filter: string; readonly input: string }) {
  const { t, many } = useTexts()
  const evaluation = useEvaluation(filter, input)
  const results =
    evaluation.state === 'done' && 'results' in evaluation.answer ? evaluation.answer : undefined
  const fault =
    evaluation.state === 'done' && 'fault' in evaluation.answer ? evaluation.answer.fault : undefined
  const text = results?.results.join('\n') ?? ''
  return (
    <section className="field" aria-labelledby="result">
      <h2 id="result" className="field-title">
        {t('playground.result')}
      </h2>
      <p className="visually-hidden" role="status">
        {fault !== undefined
          ? t('playground.fault')
          : results
            ? many('count.results', results.results.length)
            : t('loading')}
      </p>
      {fault !== undefined && (
        <div className="notice" data-tone="bad">
          <h3>{t('playground.fault')}</h3>
          <p className="code" lang="en">
            {fault}
          </p>
        </div>
      )}
      {evaluation.state === 'stopped' && (
        <div className="notice" data-tone="warn">
          <h3>{t('playground.stopped')}</h3>
        </div>
      )}
      {results && (
        <div className="code-box">
          <div className="code-tools">
            <span className="hint">{many('count.results', results.results.length)}</span>
            <CopyButton text={text} />
          </div>
          <pre tabIndex={0} role="group" aria-label={t('playground.result')}>
            {text}
          </pre>
        </div>
      )}
      {results?.cut === true && <p className="hint">{t('playground.cut')}</p>}
    </section>
  )
}
