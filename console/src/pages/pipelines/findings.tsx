import type { Schemas } from '../../api/client.ts'
import { Mark } from '../../parts/status.tsx'
import { useTexts } from '../../texts/index.tsx'

/** What is wrong with definitions: where, and what to do. Their own words are English, as in the command line. */
export function Findings({ findings }: { readonly findings: readonly Schemas['Finding'][] }) {
  const { t } = useTexts()
  return (
    <section className="panel">
      <h2>{t('findings.title')}</h2>
      <table className="table stacks">
        <thead>
          <tr>
            <th scope="col">{t('findings.severity')}</th>
            <th scope="col">{t('findings.what')}</th>
            <th scope="col">{t('findings.where')}</th>
          </tr>
        </thead>
        <tbody>
          {findings.map(({ severity, code, message, todo, file, line, column, pointer }) => (
            <tr key={`${file}${line}${column}${code}${pointer}`}>
              <td>
                <Mark tone={severity === 'error' ? 'bad' : 'warn'}>{t(`findings.${severity}`)}</Mark>
              </td>
              <td lang="en">
                {message}
                <span className="sub">{todo}</span>
              </td>
              <td data-label={t('findings.where')}>
                <span className="code">
                  {file}:{line}:{column}
                </span>
                <span className="sub code">{code}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
